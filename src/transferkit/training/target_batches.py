"""Target batches: items of the target, a batch a step, passed through the model that is being trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import torch
from torch import Tensor

from transferkit.core.examples import Examples
from transferkit.core.network import State
from transferkit.core.run import Run
from transferkit.ops.augment import Augmentation
from transferkit.training.augmentation import resolved
from transferkit.training.evaluation import take
from transferkit.training.imbalance import Order
from transferkit.training.inputs import Inputs
from transferkit.training.losses import Step
from transferkit.training.model import Model, as_precise, moved
from transferkit.training.precision import products_in


@dataclass(frozen=True)
class Side:
    """One domain's batch and what the model makes of it."""

    inputs: State
    """As they entered the network, augmented."""
    features: Tensor
    """(n, d)"""
    outputs: Tensor
    """(n, n_outputs)"""
    targets: Any = None
    """Where the items have labels."""
    plain: State = ()
    """The inputs without augmentation; only of the target."""
    chosen: Tensor = field(default_factory=lambda: torch.arange(0))
    """(n,) positions among the items that batches are drawn from; only of the target."""


class TargetBatches:
    """Every item once before any comes again, in an order drawn from the run's seed; the same batch for the same step.

    `evenly`: drawn so that every class comes as often.
    """

    def __init__(
        self,
        model: Model,
        examples: Examples,
        size: int,
        augmentation: Augmentation,
        run: Run,
        purpose: str = "target",
        evenly: bool = False,
    ) -> None:
        self._model, self._inputs, self._size = model, Inputs(examples, model.processor), size
        self._device, self._name = torch.device(run.device), run.device
        self._order = Order(model.task, examples, evenly, run.generator(f"{purpose} order"))
        self._noise = run.generator(f"{purpose} augmentation")
        sample = self._inputs[range(min(len(examples), 32))]
        self._augmentation = resolved(augmentation, sample, model.processor.modality)
        self._targets = None if examples.labels is None else model.task.encode(examples.labels, model.processor)
        self._left = torch.arange(0)
        self._latest: tuple[float, State, State, Any, Tensor] | None = None

    def side(self, step: Step) -> Side:
        """What the model makes of this step's batch, with gradients, in the step's precision."""
        plain, inputs, targets, chosen = self._batch(step.progress)
        features, outputs = through(self._model, inputs, step.precision, self._name)
        return Side(inputs, features, outputs, targets, plain, chosen)

    def _batch(self, progress: float) -> tuple[State, State, Any, Tensor]:
        """A sharpness-aware step asks twice, at the same progress."""
        if self._latest is None or self._latest[0] != progress:
            chosen = self._next()
            targets = None if self._targets is None else take(self._targets, chosen, self._device)
            plain = self._inputs[chosen]
            inputs, targets = self._model.task.augment(plain, targets, self._augmentation, self._noise)
            self._latest = (progress, moved(plain, self._device), moved(inputs, self._device), targets, chosen)
        return self._latest[1:]

    def _next(self) -> Tensor:
        while len(self._left) < self._size:
            self._left = torch.cat([self._left, self._order.draw()])
        chosen, self._left = self._left[: self._size], self._left[self._size :]
        return chosen


def through(model: Model, inputs: State, precision: str, device: str) -> tuple[Tensor, Tensor]:
    """Features (n, d) and outputs (n, n_outputs) of inputs, float32 whatever they were computed in."""
    with products_in(precision, device):
        features = model.features(inputs)
    if precision != "float32":
        features = as_precise(features, torch.float32)
    return cast(Tensor, features), model.outputs(features)
