"""Losses: what a batch costs - the task's loss, as weights, mixing, smoothing and adjusted logits change it, and penalties."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples
from transferkit.core.network import State, parts_of
from transferkit.core.run import Run
from transferkit.training.imbalance import item_weights
from transferkit.training.mixing import Mix, can_mix, cutmix, mixup
from transferkit.training.model import Model, as_precise
from transferkit.training.precision import products_in

if TYPE_CHECKING:
    from transferkit.training.recipe import Recipe


@dataclass(frozen=True)
class Step:
    """One batch on its way, for penalties: L = L_task + penalty(step)."""

    features: State
    outputs: Any
    targets: Any
    progress: float
    """Share of the schedule that is done, 0 to 1; schedules of a penalty's weight follow it."""
    inputs: State = ()
    """What entered the first moving stage, augmented and mixed."""
    chosen: Tensor = field(default_factory=lambda: torch.arange(0))
    """(batch,) positions of the items among the training items."""
    states: Mapping[int, State] = field(default_factory=dict)
    """The states at the positions that `Addition.watched` names."""
    precision: str = "float32"
    """What the features were computed in, for a penalty that runs the network on further items."""


Penalty = Callable[[Step], Tensor]


class Losses:
    """From a batch to its loss, which may be asked for twice: it is mixed in the same way both times."""

    def __init__(
        self,
        model: Model,
        recipe: Recipe,
        examples: Examples,
        penalty: Penalty | None,
        run: Run,
        watched: Sequence[int] = (),
        precision: str = "float32",
        of_labels: bool = True,
    ) -> None:
        """`of_labels`: False where the penalty is the whole loss."""
        self._model, self._recipe, self._penalty, self._watched = model, recipe, penalty, watched
        device, labels = torch.device(run.device), examples.labels or ()
        weights = item_weights(model.task, examples, recipe.balance == "weights")
        self._weights = None if weights is None else weights.to(device)
        self._prior = model.task.prior_logits(labels).to(device) if recipe.balance == "logits" else None
        self._draw = run.generator("mixing")
        self._precision, self._device, self._of_labels = precision, run.device, of_labels
        self.out_of_reach: set[int] = set()
        """Positions of the examples met so far that no weights could get right."""
        if (recipe.mixup or recipe.cutmix) and not model.task.needs_features:
            raise WrongUse(f"items of task {model.task.name} cannot be mixed; leave mixup and cutmix at 0")

    def __call__(self, inputs: State, targets: Any, chosen: Tensor, progress: float) -> Callable[[], Tensor]:
        inputs, mix = self._mixed(inputs, len(chosen))
        mixes_features = mix is not None and not can_mix(inputs)
        weights = None if self._weights is None else self._weights[chosen.to(self._weights.device)]
        partner = None if mix is None else (_chosen(targets, mix.partner), _chosen(weights, mix.partner))

        def loss_now() -> Tensor:
            with products_in(self._precision, self._device):
                features, states = self._model.watched_features(inputs, self._recipe.first_moving, self._watched)
            if self._precision != "float32":
                features = as_precise(features, torch.float32)
                states = {position: as_precise(state, torch.float32) for position, state in states.items()}
            if mix is not None and mixes_features:
                features = mix.of(parts_of(features)[0])
            outputs = self._model.outputs(features, targets)
            beyond = self._model.task.out_of_reach(outputs, targets)
            self.out_of_reach.update(i for i, is_beyond in zip(chosen.tolist(), beyond, strict=False) if is_beyond)
            loss = self._against(outputs, targets, weights) if self._of_labels else torch.zeros((), device=self._device)
            if mix is not None and partner is not None and self._of_labels:
                loss = mix.share * loss + (1 - mix.share) * self._against(outputs, *partner)
            if self._penalty is not None:
                step = Step(features, outputs, targets, progress, inputs, chosen, states, self._precision)
                loss = loss + self._penalty(step)
            return loss

        return loss_now

    def _mixed(self, inputs: State, n: int) -> tuple[State, Mix | None]:
        recipe = self._recipe
        if not (recipe.mixup or recipe.cutmix):
            return inputs, None
        cuts = bool(recipe.cutmix) and (not recipe.mixup or bool(torch.rand(1, generator=self._draw) < 0.5))
        if cuts:
            return cutmix(inputs, recipe.cutmix, self._draw)
        mix = mixup(n, recipe.mixup, self._draw, parts_of(inputs)[0].device)
        return (mix.of(parts_of(inputs)[0]) if can_mix(inputs) else inputs), mix

    def _against(self, outputs: Any, targets: Any, weights: Tensor | None) -> Tensor:
        """The task's loss, with adjusted logits and smoothed labels where the recipe says so."""
        task, smoothing = self._model.task, self._recipe.label_smoothing
        adjusted = outputs if self._prior is None else outputs + self._prior
        loss = task.loss(adjusted, targets, weights)
        return loss if not smoothing else (1 - smoothing) * loss + smoothing * task.even_loss(adjusted, weights)


def _chosen(values: Any, indices: Tensor) -> Any:
    if values is None or isinstance(values, Tensor):
        return None if values is None else values[indices]
    return [values[i] for i in indices.tolist()]
