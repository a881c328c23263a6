"""FusedNetworks: the predictor of several networks (and plain pixels) whose features lie side by side under one head."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from transferkit.core.architecture import Architecture
from transferkit.core.examples import Examples
from transferkit.core.network import Network, parts_of
from transferkit.core.predictor import FitRecord, Predictor
from transferkit.core.recognise import opened
from transferkit.core.run import Run
from transferkit.core.source import Processor
from transferkit.core.task import Predictions, Task
from transferkit.sources import architectures, processors
from transferkit.sources.processors.image import ImageProcessor
from transferkit.training.body import Body
from transferkit.training.evaluation import joined
from transferkit.training.frozen import frozen_states
from transferkit.training.model import moved
from transferkit.training.reading import all_inputs

BATCH = 32
RAW_SIDE = 8
"""Pixels of a side of the small picture whose colours are the raw features."""


@dataclass(frozen=True, eq=False)
class Part:
    """What turns each item into some of the features: a network behind its processor, or the processor's numbers alone."""

    processor: Processor
    body: Body | None = None

    def features(self, examples: Examples, run: Run) -> np.ndarray:
        """(n, d) of examples with ids, from the cache where it has them."""
        if self.body is not None:
            return frozen_states(self.body, examples, run)

        def compute(indices: Sequence[int]) -> np.ndarray:
            items = examples.take(indices).items
            return parts_of(all_inputs(self.processor, items))[0].flatten(1).numpy()

        return run.cache.rows(f"raw|{json.dumps(self.processor.describe(), sort_keys=True)}", examples.ids, compute)


def raw_part(modality: str) -> Part | None:
    """The colours of a very small picture; None where items of this modality have no such plain numbers."""
    if modality != "image":
        return None
    return Part(ImageProcessor(size=(RAW_SIDE, RAW_SIDE), mean=(0.5,) * 3, std=(0.25,) * 3))


class FusedNetworks(Predictor):
    """Several networks, each behind its own processor, and one linear head on all their features."""

    def __init__(
        self,
        task: Task,
        members: Sequence[tuple[Processor, Network | None]],
        head: nn.Linear,
        record: FitRecord | None = None,
        parts: Sequence[Part] = (),
    ) -> None:
        """`members`: processors and networks in the order of the features; None: the processor's numbers themselves.

        `parts`: where the members came from, for what the cache holds of them.
        """
        self.task, self.members, self.head, self._parts = task, tuple(members), head.eval(), tuple(parts)
        self.record = record or FitRecord()
        for _, network in self.members:
            if network is not None:
                network.eval()

    def predict(self, items: Sequence[Any], progress: Callable[[int, int], None] | None = None) -> Predictions:
        """Raw items, or the paths of their files -> predictions."""
        items = opened(items, self.members[0][0].modality)
        device, parts = self.head.weight.device, []
        for start in range(0, len(items), BATCH):
            batch = [items[i] for i in range(len(items))[start : start + BATCH]]
            with torch.inference_mode():
                table = torch.cat(
                    [features_of_member(*member, batch, device) for member in self.members], dim=1
                )  # (n, d)
                parts.append(self.task.decode(self.head(table)))
            if progress:
                progress(start + len(batch), len(items))
        return joined(parts)

    @property
    def processor(self) -> Processor:
        """That of the first network; the others take the same items."""
        return self.members[0][0]

    def judge(self, examples: Examples, run: Run) -> Predictions:
        """As `predict`, from cached features."""
        if not self._parts or not len(examples):
            return self.predict(examples.items)
        table = np.concatenate([part.features(examples, run) for part in self._parts], axis=1)
        with torch.inference_mode():
            return self.task.decode(self.head(torch.from_numpy(table).to(self.head.weight.device)))

    def to(self, device: str) -> None:
        """Move networks and head."""
        for module in (self.head, *(network for _, network in self.members if network is not None)):
            module.to(torch.device(device))

    def describe(self) -> dict[str, Any]:
        """Architecture and processor of each member, in the order of the features."""
        return {"members": [_described(processor, network) for processor, network in self.members]}

    def tensors(self) -> dict[str, Tensor]:
        """All weights and statistics of the networks and of the head, contiguous, on the CPU."""
        named = {f"head.{k}": v for k, v in self.head.state_dict().items()}
        for place, (_, network) in enumerate(self.members):
            if network is not None:
                named |= {f"{place}.{k}": v for k, v in network.state_dict().items()}
        return {k: v.detach().cpu().contiguous() for k, v in named.items()}

    @classmethod
    def restore(cls, task: Task, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> FusedNetworks:
        """Build each architecture, then lay the weights in; every name must be there."""
        members: list[tuple[Processor, Network | None]] = []
        for place, described in enumerate(settings["members"]):
            network = None
            if described["architecture"] is not None:
                shape = Architecture.of(described["architecture"]["kind"], described["architecture"]["settings"])
                network = architectures.build(shape, seed=0)
                network.load_state_dict(under(f"{place}.", tensors))
            members.append((processors.build(described["processor"]), network))
        weights = under("head.", tensors)
        head = nn.utils.skip_init(nn.Linear, *reversed(weights["weight"].shape))  # type: ignore[no-untyped-call]
        head.load_state_dict(weights)
        return cls(task, members, head)


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin so, without that beginning.

    >>> list(under("head.", {"head.bias": torch.zeros(1), "0.bias": torch.zeros(1)}))
    ['bias']
    """
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def features_of_member(
    processor: Processor, network: Network | None, items: Sequence[Any], device: torch.device
) -> Tensor:
    """(n, d) of raw items: what the network makes of them, or without one the processor's own numbers."""
    inputs = moved(processor(items), device)
    return cast(Tensor, network(inputs)) if network is not None else parts_of(inputs)[0].flatten(1)


def _described(processor: Processor, network: Network | None) -> dict[str, Any]:
    shape = None if network is None else network.architecture
    return {
        "architecture": shape and {"kind": shape.kind, "settings": shape.arguments()},
        "processor": processor.describe(),
    }
