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
from transferkit.training.label_loss import LabelLoss
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
    weights: Tensor | None = None
    """(batch,) how much each item counts; None: all alike."""
    label_loss: LabelLoss | None = None
    """What `outputs` cost; for a penalty that makes other outputs for the same labels."""


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
        device = torch.device(run.device)
        self._label_loss = LabelLoss(model.task, examples, recipe.balance, recipe.label_smoothing, device)
        self._draw = run.generator("mixing")
        self._precision, self._device, self._of_labels = precision, run.device, of_labels
        self.out_of_reach: set[int] = set()
        """Positions of the examples met so far that no weights could get right."""
        if (recipe.mixup or recipe.cutmix) and not model.task.needs_features:
            raise WrongUse(f"items of task {model.task.name} cannot be mixed; leave mixup and cutmix at 0")

    def __call__(self, inputs: State, targets: Any, chosen: Tensor, progress: float) -> Callable[[], Tensor]:
        inputs, mix = self._mixed(inputs, len(chosen))
        mixes_features = mix is not None and not can_mix(inputs)
        weights = self._label_loss.weights(chosen)
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
            against = self._label_loss
            loss = against(outputs, targets, weights) if self._of_labels else torch.zeros((), device=self._device)
            if mix is not None and partner is not None and self._of_labels:
                loss = mix.share * loss + (1 - mix.share) * against(outputs, *partner)
            if self._penalty is not None:
                way = (progress, inputs, chosen, states, self._precision, weights, against)
                loss = loss + self._penalty(Step(features, outputs, targets, *way))
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


def _chosen(values: Any, indices: Tensor) -> Any:
    if values is None or isinstance(values, Tensor):
        return None if values is None else values[indices]
    return [values[i] for i in indices.tolist()]
