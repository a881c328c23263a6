"""OnFeatures: the predictor of methods that work on feature vectors: a frozen network or the items' own numbers, fitted maps,
then a learner."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from transferkit.core.architecture import Architecture
from transferkit.core.examples import Examples
from transferkit.core.network import Network
from transferkit.core.predictor import FitRecord, Predictor
from transferkit.core.recognise import opened
from transferkit.core.run import Run
from transferkit.core.source import Processor
from transferkit.core.task import Predictions, Task
from transferkit.ops import feature_maps
from transferkit.ops.feature_maps.contract import FeatureMap
from transferkit.ops.feature_maps.scaling import Scaling
from transferkit.sources import architectures, processors
from transferkit.training import learners
from transferkit.training.domain_features import DomainFeatures
from transferkit.training.evaluation import joined
from transferkit.training.fused import Part, features_of_member, under
from transferkit.training.learners.contract import Learner

BATCH = 32


class OnFeatures(Predictor):
    """Items -> features of a frozen network, or their own numbers -> maps, one after the other -> a learner."""

    def __init__(
        self,
        task: Task,
        member: tuple[Processor, Network | None],
        maps: Sequence[FeatureMap],
        learner: Learner,
        record: FitRecord | None = None,
        part: Part | None = None,
    ) -> None:
        """`part`: where the member comes from, for what the cache holds of it."""
        self.task, self._member, self.maps, self.learner, self._part = task, member, tuple(maps), learner, part
        self.record = record or FitRecord()
        if member[1] is not None:
            member[1].eval()

    @classmethod
    def of(
        cls, features: DomainFeatures, maps: Sequence[FeatureMap], learner: Learner, record: FitRecord | None = None
    ) -> OnFeatures:
        """The predictor of what was fitted on these features: `maps` take what `features` gives of a target item."""
        part = features.part
        network = None if part.body is None else part.body.make()
        first = [Scaling(features.centre, features.scale), *maps]
        n_fitted = sum(v.numel() for v in learner.tensors().values()) + sum(
            v.size for one in maps for v in one.arrays().values()
        )
        n_body = 0 if network is None else sum(p.numel() for p in network.parameters())
        record = replace(
            record or FitRecord(),
            origin=() if part.body is None else part.body.origin,
            trainable_parameters=n_fitted,
            total_parameters=n_fitted + n_body,
        )
        return cls(features.domains.task, (part.processor, network), first, learner, record, part)

    def predict(self, items: Sequence[Any], progress: Callable[[int, int], None] | None = None) -> Predictions:
        """Raw items, or the paths of their files -> predictions."""
        items = opened(items, self._member[0].modality)
        parts = []
        for start in range(0, len(items), BATCH):
            batch = [items[i] for i in range(len(items))[start : start + BATCH]]
            with torch.inference_mode():
                parts.append(self._judged(features_of_member(*self._member, batch, self._device).cpu().numpy()))
            if progress:
                progress(start + len(batch), len(items))
        return joined(parts)

    @property
    def processor(self) -> Processor:
        """Of its network, or what makes numbers of items."""
        return self._member[0]

    def judge(self, examples: Examples, run: Run) -> Predictions:
        """As `predict`, from cached features."""
        if self._part is None or not len(examples):
            return self.predict(examples.items)
        return self._judged(self._part.features(examples, run))

    def features(self, examples: Examples, run: Run) -> np.ndarray | None:
        """(n, d) after the maps."""
        if self._part is not None:
            return self._mapped(self._part.features(examples, run))
        with torch.inference_mode():
            parts = [
                features_of_member(*self._member, [examples.items[i] for i in some], self._device).cpu().numpy()
                for some in np.array_split(np.arange(len(examples)), max(1, -(-len(examples) // BATCH)))
            ]
        return self._mapped(np.concatenate(parts))

    def to(self, device: str) -> None:
        """Move the network; maps and learner are small, and stay."""
        if self._member[1] is not None:
            self._member[1].to(torch.device(device))

    def describe(self) -> dict[str, Any]:
        """Architecture and processor, each map, the learner."""
        processor, network = self._member
        shape = None if network is None else network.architecture
        return {
            "architecture": shape and {"kind": shape.kind, "settings": shape.arguments()},
            "processor": processor.describe(),
            "maps": [{"kind": one.kind, "settings": one.settings()} for one in self.maps],
            "learner": {"kind": self.learner.kind, "settings": self.learner.settings()},
        }

    def tensors(self) -> dict[str, Tensor]:
        """Weights of the network, arrays of each map, numbers of the learner."""
        named = {f"learner.{k}": v for k, v in self.learner.tensors().items()}
        for place, one in enumerate(self.maps):
            named |= {f"map{place}.{k}": torch.from_numpy(np.asarray(v)) for k, v in one.arrays().items()}
        if self._member[1] is not None:
            named |= {f"network.{k}": v for k, v in self._member[1].state_dict().items()}
        return {k: v.detach().cpu().contiguous() for k, v in named.items()}

    @classmethod
    def restore(cls, task: Task, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> OnFeatures:
        """Build the architecture, then lay in what was fitted; every name must be there."""
        network = None
        if settings["architecture"] is not None:
            shape = Architecture.of(settings["architecture"]["kind"], settings["architecture"]["settings"])
            network = architectures.build(shape, seed=0)
            network.load_state_dict(under("network.", tensors))
        maps = [
            feature_maps.build(
                one["kind"], one["settings"], {k: v.numpy() for k, v in under(f"map{place}.", tensors).items()}
            )
            for place, one in enumerate(settings["maps"])
        ]
        said = settings["learner"]
        learner = learners.build(said["kind"], task, said["settings"], under("learner.", tensors))
        return cls(task, (processors.build(settings["processor"]), network), maps, learner)

    @property
    def _device(self) -> torch.device:
        network = self._member[1]
        weights = None if network is None else next(iter(network.parameters()), None)
        return torch.device("cpu") if weights is None else weights.device

    def _judged(self, features: np.ndarray) -> Predictions:
        return self.learner.predict(self._mapped(features))

    def _mapped(self, features: np.ndarray) -> np.ndarray:
        rows = np.asarray(features, dtype=np.float64)
        for one in self.maps:
            rows = one(rows)
        return rows
