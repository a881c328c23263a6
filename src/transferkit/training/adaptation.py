"""Adaptation: one training on a source domain's labels and on the difference of the domains, shared by all deep methods.

    L = L_source + L_target + lambda(progress) * L_domain

L_source by the one training loop; L_target, where the target has labels, on a batch of its own; L_domain is the method's, of
equal batches of both domains. The domains pass the network one after the other (see `target_statistics.py`). Which epoch is
kept is chosen without target labels (`epoch_choice.py`). Where the loss becomes no number, as in adversarial training it may,
the fit starts again at a lower rate, twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn

from transferkit.core.errors import Failed
from transferkit.core.examples import Examples
from transferkit.core.run import Run
from transferkit.core.target import Target
from transferkit.training.best_state import LEAST_ITEMS
from transferkit.training.body import Body
from transferkit.training.domains import Domains
from transferkit.training.epoch_choice import EpochChoice, epoch_choice
from transferkit.training.fine_tuning import fine_tune
from transferkit.training.fitted import FittedNetwork
from transferkit.training.label_loss import LabelLoss
from transferkit.training.likeness import notes_on_likeness
from transferkit.training.loop import Addition, Diverged
from transferkit.training.losses import Step
from transferkit.training.model import Model
from transferkit.training.recipe import Recipe
from transferkit.training.target_batches import Side, TargetBatches
from transferkit.training.target_statistics import TargetStatistics

if TYPE_CHECKING:
    from transferkit.training.adapting_method import AdaptingMethod

RATES = (1.0, 0.3, 0.1)
"""Shares of the learning rate that are tried, one after the other, where the loss is not a number."""


@dataclass(frozen=True)
class Both:
    """A batch of each domain on its way, for L_domain."""

    source: Side
    targets: Any
    """Of the source's items."""
    origin: Tensor
    """(n,) int: which source domain each is from."""
    target: Side
    strength: float
    """lambda now."""
    step: Step
    """The source's batch as the loop has it."""

    @property
    def precision(self) -> str:
        """What the features were computed in, for a loss that runs the network on further items."""
        return self.step.precision

    @property
    def weights(self) -> Tensor | None:
        """(n,) how much each of the source's items counts, 1 on average over all; None: all alike."""
        return self.step.weights

    def of_labels(self, outputs: Tensor, times: Tensor | None = None) -> Tensor:
        """L_source of other outputs (n, n_outputs) for the source's items; `times` (n,): what each counts besides."""
        assert self.step.label_loss is not None
        weights = self.weights
        if times is not None:
            weights = times if weights is None else times * weights
        return self.step.label_loss(outputs, self.targets, weights)


@dataclass(frozen=True)
class Objective:
    """L_domain of a method, for one model."""

    loss: Callable[[Both], Tensor]
    modules: tuple[nn.Module, ...] = ()
    """Trained along and left behind, such as a discriminator."""
    scaled: bool = True
    """False where the loss is scaled by `Both.strength` inside: a discriminator learns at full strength all the time."""
    of_labels: bool = True
    """False where the loss holds L_source too."""
    begin_epoch: Callable[[int], None] | None = None
    """Told the number of each epoch, from 1, before it begins."""
    settings: Mapping[str, Any] = field(default_factory=dict)


def adapt(method: AdaptingMethod, domains: Domains, body: Body, run: Run) -> FittedNetwork:
    """The network of `body`, trained for the target. Raises Failed in one line where no rate keeps the loss a number."""
    recipe = method.recipe_for(body, len(domains.labelled), patience=None)

    def fit(share: float) -> FittedNetwork:
        choice: list[EpochChoice | None] = []
        statistics: list[TargetStatistics] = []

        def add(model: Model) -> Addition:
            choice.append(epoch_choice(model, domains, run))
            statistics.append(TargetStatistics(model.network))
            objective = method.objective(model, domains, run)
            penalty = _penalty(method, objective, model, domains, statistics[0], run)
            return Addition(
                penalty=penalty,
                modules=objective.modules,
                of_labels=objective.of_labels,
                begin_epoch=objective.begin_epoch,
                standing=choice[0],
                end=statistics[0].release,
                settings=objective.settings,
            )

        fitted = fine_tune(body, None, labelled(domains), at_share(recipe, share), run, add=add)
        if choice[0] is not None:
            told = choice[0].told(fitted.record.best_epoch)
            fitted.record = replace(fitted.record, settings={**fitted.record.settings, **told})
        return fitted

    notes = notes_on_likeness(body, domains, run)
    fitted = at_lower_rates(fit, method.name)
    fitted.record = replace(fitted.record, notes=(*notes, *fitted.record.notes))
    return fitted


def at_lower_rates(fit: Callable[[float], FittedNetwork], name: str) -> FittedNetwork:
    """`fit(share)` with the first of `RATES` whose loss stays a number; the record notes a restart."""
    for share in RATES:
        try:
            fitted = fit(share)
        except Diverged:
            continue
        if share < 1:
            note = f"the loss was not a number at first; trained again at {share:g} of the learning rate"
            fitted.record = replace(fitted.record, notes=(*fitted.record.notes, note))
        return fitted
    raise Failed(
        f"method {name}: the loss was not a number at the learning rate, at {RATES[1]:g} nor at {RATES[2]:g} of it; try a "
        "lower learning_rate or weight"
    )


def at_share(recipe: Recipe, share: float, **changes: Any) -> Recipe:
    """The recipe at this share of its learning rates."""
    head_rate = recipe.head_learning_rate or recipe.learning_rate
    slower = replace(recipe, learning_rate=share * recipe.learning_rate, head_learning_rate=share * head_rate)
    return replace(slower, **changes)


def labelled(domains: Domains) -> Target:
    """The source's labelled items to learn from; held out are the target's where they reach to choose by, else the source's."""
    own = domains.target.validation
    held_out = own if len(own) >= LEAST_ITEMS else domains.held_out
    return replace(domains.target, train=domains.labelled, validation=held_out, validation_is_given=True)


def _penalty(
    method: AdaptingMethod,
    objective: Objective,
    model: Model,
    domains: Domains,
    statistics: TargetStatistics,
    run: Run,
) -> Callable[[Step], Tensor]:
    batches = TargetBatches(model, domains.unlabelled, method.batch_size, method.augmentation, run)
    own_labels = _few_labels(method, model, domains.target.train, run)
    origin = torch.from_numpy(domains.origin)

    def penalty(step: Step) -> Tensor:
        with statistics.following():
            target = batches.side(step)
        source = Side(step.inputs, cast(Tensor, step.features), step.outputs)
        if not (usable(source) and usable(target)):
            raise Diverged(f"features were not numbers where {step.progress:.0%} of the training was done")
        strength = method.strength(step.progress)
        both = Both(source, step.targets, origin[step.chosen].to(source.features.device), target, strength, step)
        loss = objective.loss(both)
        if objective.scaled:
            loss = strength * loss
        if own_labels is not None:  # whose items are among those of `batches`, and would count twice in the statistics
            loss = loss + own_labels(step)
        return loss

    return penalty


def _few_labels(method: AdaptingMethod, model: Model, examples: Examples, run: Run) -> Callable[[Step], Tensor] | None:
    """L_target: the task's loss on a batch of the target's labelled items; None where it has none."""
    if len(examples) < 2:
        return None
    size = min(method.batch_size, len(examples))
    evenly = method.balance == "sampling"
    batches = TargetBatches(model, examples, size, method.augmentation, run, purpose="own labels", evenly=evenly)
    cost = LabelLoss(model.task, examples, method.balance, method.label_smoothing, torch.device(run.device))

    def loss(step: Step) -> Tensor:
        side = batches.side(step)
        return cost(side.outputs, side.targets, cost.weights(side.chosen))

    return loss


def usable(side: Side) -> bool:
    """Whether features and outputs are numbers, and not so large that their distances are none."""
    return all(bool(torch.isfinite(values.detach().square().sum())) for values in (side.features, side.outputs))
