"""FittedNetwork: the predictor of every method that ends in one network and one head."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from transferkit.core.architecture import Architecture
from transferkit.core.examples import Examples
from transferkit.core.predictor import FitRecord, Predictor
from transferkit.core.recognise import opened
from transferkit.core.run import Run
from transferkit.core.source import Processor
from transferkit.core.task import Predictions, Task
from transferkit.sources import architectures, processors
from transferkit.training.body import Body
from transferkit.training.evaluation import joined
from transferkit.training.every_core import on_every_core
from transferkit.training.frozen import alike, as_given, frozen_states
from transferkit.training.model import Model, as_precise, moved
from transferkit.training.reading import inputs_of

BATCH = 32


class FittedNetwork(Predictor):
    """A network with a head, and the processor that turns items into its input."""

    def __init__(self, model: Model, record: FitRecord | None = None, frozen: Body | None = None) -> None:
        """`frozen`: the body whose weights the network still has, where nothing in it was moved."""
        model.eval()
        self.model, self.task, self._frozen = model, model.task, frozen
        self.record = record or FitRecord()

    def predict(self, items: Sequence[Any], progress: Callable[[int, int], None] | None = None) -> Predictions:
        """Raw items, or the paths of their files -> predictions. Items are opened a batch at a time."""
        items = opened(items, self.model.processor.modality)
        device, precision = self.model.parameters()[0].device, self.model.parameters()[0].dtype

        def one_batch(indices: Sequence[int]) -> Predictions:
            with torch.inference_mode():
                inputs = as_precise(
                    moved(inputs_of(self.model.processor, items, indices, threads=False), device), precision
                )
                return self.model.decode(self.model.outputs(self.model.features(inputs)))

        batches = alike(self.model.processor, items, BATCH)
        parts, done = [], 0
        for part in on_every_core(one_batch, batches):
            parts.append(part)
            done += len(part)
            if progress:
                progress(done, len(items))
        return joined(parts).take(as_given(batches))

    @property
    def processor(self) -> Processor:
        """Of its network."""
        return self.model.processor

    def judge(self, examples: Examples, run: Run) -> Predictions:
        """As `predict`; where the network is frozen, from its cached features."""
        if self._frozen is None or not len(examples):
            return self.predict(examples.items)
        features = torch.from_numpy(np.array(frozen_states(self._frozen, examples, run)))
        with torch.inference_mode():
            return self.model.decode(self.model.outputs(features.to(self.model.parameters()[0].device)))

    def features(self, examples: Examples, run: Run) -> np.ndarray | None:
        """(n, d) the network's last state; None where that is no one vector an item."""
        if not self.task.needs_features or not len(examples):
            return None
        if self._frozen is not None:
            return frozen_states(self._frozen, examples, run)
        device, precision = self.model.parameters()[0].device, self.model.parameters()[0].dtype

        def one_batch(indices: Sequence[int]) -> np.ndarray:
            with torch.inference_mode():
                inputs = moved(inputs_of(self.model.processor, examples.items, indices, threads=False), device)
                found: Tensor = self.model.features(as_precise(inputs, precision))  # type: ignore[assignment]
                return found.float().cpu().numpy()

        batches = alike(self.model.processor, examples.items, BATCH)
        rows: np.ndarray = np.concatenate(list(on_every_core(one_batch, batches)))[as_given(batches)]
        return rows

    def to(self, device: str) -> None:
        """Move network and head."""
        self.model.to(torch.device(device))

    def in_double(self) -> None:
        """Predict in double precision from now on: the same to ten digits however items are batched."""
        for module in self.model.modules():
            module.double()

    def to_transformers(self) -> Any:
        """A plain transformers model (ForSequenceClassification and its like) with the same logits, on the CPU.

        Of a regression the output is in the unit of the labels. One line where the library has no class that computes the same.
        """
        from transferkit.training.as_transformers import to_transformers

        return to_transformers(self.model)

    def save_transformers(self, folder: str | Path, evidence: str = "") -> Path:
        """Write model, tokenizer or preprocessor and a model card, which plain transformers loads offline; gives the folder.

        `evidence`: a sentence for the model card.
        """
        from transferkit.training.as_transformers import save_transformers

        return save_transformers(self.model, self.record, Path(folder), evidence)

    def describe(self) -> dict[str, Any]:
        """The architecture and the processor."""
        architecture = self.model.network.architecture
        return {
            "architecture": {"kind": architecture.kind, "settings": architecture.arguments()},
            "processor": self.model.processor.describe(),
        }

    def tensors(self) -> dict[str, Tensor]:
        """All weights and statistics of the network and its head, contiguous, on the CPU."""
        named = {f"network.{k}": v for k, v in self.model.network.state_dict().items()}
        if self.model.head is not self.model.network.head:  # a decoder is both
            named |= {f"head.{k}": v for k, v in self.model.head.state_dict().items()}
        return {k: v.detach().cpu().contiguous() for k, v in named.items()}

    @classmethod
    def restore(cls, task: Task, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> FittedNetwork:
        """Build the architecture, then lay the weights in; every name must be there."""
        described = settings["architecture"]
        network = architectures.build(Architecture.of(described["kind"], described["settings"]), seed=0)
        head = task.head(network, seed=0)
        modules = {"network.": network} if head is network.head else {"network.": network, "head.": head}
        for prefix, module in modules.items():
            module.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
        return cls(Model(task, network, head, processors.build(settings["processor"])))
