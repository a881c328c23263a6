"""The one training loop: AdamW, warm-up and cosine, early stopping on validation with the best state restored.

Everything random (order, augmentation) is drawn from the run's seed, so equal seeds give equal weights on the CPU. The
loop ends at the run's deadline with the best state so far.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from transferkit.core.errors import BudgetSpent, Failed
from transferkit.core.examples import Examples
from transferkit.core.network import seeded
from transferkit.core.predictor import FitRecord
from transferkit.core.run import Run
from transferkit.core.task import Curve
from transferkit.training.augmentation import resolved
from transferkit.training.average import Average
from transferkit.training.batches import batches
from transferkit.training.best_state import BestState
from transferkit.training.evaluation import evaluate, predicted, raw_outputs, take
from transferkit.training.every_core import on_one_core, pays_to_share
from transferkit.training.imbalance import Order
from transferkit.training.inputs import Inputs
from transferkit.training.losses import Losses, Penalty
from transferkit.training.model import Model, moved
from transferkit.training.precision import chosen as chosen_precision
from transferkit.training.recipe import Recipe
from transferkit.training.sharpness import uphill
from transferkit.training.stages import freeze_before, keep_still, parameter_groups, train_mode
from transferkit.training.thresholds import lay_in, spelled, tuned_offsets


@dataclass(frozen=True)
class Material:
    """What is trained on and judged by: inputs (or states at `Recipe.first_moving`), and the examples they belong to."""

    inputs: Inputs
    examples: Examples
    held_out: Inputs | None = None
    held_out_examples: Examples | None = None


@dataclass(frozen=True)
class Addition:
    """What a method adds to the loop."""

    penalty: Penalty | None = None
    modules: tuple[nn.Module, ...] = ()
    """Trained beside network and head, at the head's rate, and left behind afterwards."""
    moves: Callable[[str, nn.Parameter], bool] | None = None
    """Which of the network's parameters move, by name, among those of the moving stages; None: all of them."""
    begin_epoch: Callable[[int], None] | None = None
    """Told the number of each epoch, from 1, before it begins; may set `requires_grad` of what moves from now on."""
    watched: tuple[int, ...] = ()
    """Positions, ascending, whose states the penalty is shown; none before the first moving stage."""
    of_labels: bool = True
    """False where the penalty is the whole loss, and the labels are not learned from."""
    standing: Callable[[int], float | None] | None = None
    """How good the model, in eval mode, is after an epoch, higher is better; decides in validation's place which is kept."""
    end: Callable[[], None] | None = None
    """Called once, with the best state restored: takes out of the network what the method put in."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the method chose, for the record."""


class Diverged(Failed):
    """The loss was not a number; a lower rate may help."""


def train(model: Model, material: Material, recipe: Recipe, run: Run, addition: Addition = Addition()) -> FitRecord:
    """Train the model in place and leave the best state in it, in eval mode.

    Raises BudgetSpent where the deadline comes before the first epoch has ended, Diverged where the loss is not a number.
    """
    batch = material.inputs[range(min(len(material.examples), recipe.batch_size))]
    with on_one_core(not pays_to_share(model.network, batch)), seeded(run.derived_seed("dropout")):
        return _train(model, material, recipe, run, addition)


def _train(model: Model, material: Material, recipe: Recipe, run: Run, addition: Addition) -> FitRecord:
    task, device = model.task, torch.device(run.device)
    model.to(device)
    freeze_before(model.network, model.head, recipe.first_moving)
    if addition.moves is not None:
        keep_still(model.network, addition.moves)
    head_rate = recipe.head_learning_rate or recipe.learning_rate
    precision = chosen_precision(model, recipe, material.inputs, run)
    groups = parameter_groups(model.network, model.head, recipe.learning_rate, head_rate, recipe.layer_decay)
    for module in addition.modules:
        module.to(device).train()
        groups.append({"params": list(module.parameters()), "lr": head_rate})
    optimizer = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay, fused=precision == "bfloat16" or None)
    n = len(material.examples)
    n_seen = min(n, recipe.epoch_items or n)
    n_steps = recipe.epochs * len(batches(torch.arange(n_seen), recipe.batch_size))
    lengths = model.processor.lengths(material.examples.items) if task.needs_features else None
    shuffle = run.generator("batches")
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _warm_up_then_cosine(n_steps, recipe.warm_up))
    noise = run.generator("augmentation")
    targets = task.encode(material.examples.labels or (), model.processor)
    losses_of = Losses(
        model, recipe, material.examples, addition.penalty, run, addition.watched, precision, addition.of_labels
    )
    order = Order(task, material.examples, recipe.balance == "sampling", run.generator("order"))
    average = Average(model.modules(), recipe.ema) if recipe.ema else None
    augmentation = resolved(recipe.augmentation, material.inputs[range(min(n, 32))], model.processor.modality)
    keeper = BestState(model.modules(), recipe.patience)
    losses: list[float] = []
    rates: list[float] = []
    notes: list[str] = []
    cut_short = False
    n_epochs = min(recipe.epochs, recipe.stop_after or recipe.epochs)
    step = 0
    for epoch in range(1, n_epochs + 1):
        if addition.begin_epoch is not None:
            addition.begin_epoch(epoch)
        train_mode(model.network, model.head, recipe.first_moving, recipe.keep_statistics)
        total = 0.0
        for chosen in batches(order.draw()[:n_seen], recipe.batch_size, lengths, shuffle):
            if run.seconds_left() <= 0:
                break
            inputs, wanted = task.augment(material.inputs[chosen], take(targets, chosen, device), augmentation, noise)
            loss_now = losses_of(moved(inputs, device), wanted, chosen, step / n_steps)
            optimizer.zero_grad(set_to_none=True)
            loss = loss_now()
            loss.backward()  # type: ignore[no-untyped-call]
            if recipe.sam:
                with uphill([p for group in optimizer.param_groups for p in group["params"]], recipe.sam):
                    optimizer.zero_grad(set_to_none=True)
                    loss_now().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            if average is not None:
                average.update()
            step += 1
            total += float(loss.detach()) * len(chosen)
        if run.seconds_left() <= 0:
            if epoch == 1:
                raise BudgetSpent("the time for this trial ended before its first epoch; give a larger --budget")
            cut_short = True
            notes.append(f"stopped at the deadline after {epoch - 1} of {n_epochs} epochs")
            break
        if not math.isfinite(total):
            raise Diverged(f"the training loss was not a number in epoch {epoch}; try a lower learning_rate")
        try:
            with average.in_place() if average is not None else nullcontext():
                result = _judge(model, material, recipe, run)
                model.eval()
                standing = addition.standing(epoch) if addition.standing is not None else None
                keeper.judge(epoch, result, len(material.held_out or ()), standing)
                if run.watch is not None:
                    run.watch(epoch, lambda examples: predicted(model, examples, run))
        except BudgetSpent:
            if epoch == 1:
                raise
            cut_short = True
            notes.append(f"stopped at the deadline after {epoch - 1} of {n_epochs} epochs")
            break
        losses.append(total / n_seen)
        rates.append(float(optimizer.param_groups[0]["lr"]))
        run.progress("training", epoch, n_epochs)
        if keeper.exhausted:
            break
    if average is not None:
        average.put()
    keeper.restore()
    model.eval()
    if losses_of.out_of_reach:
        notes.append(task.cannot_learn(len(losses_of.out_of_reach), n))
    settings = _set_thresholds(model, material, recipe, device, notes)
    as_read = tuple(metric if model.task.metric.higher_is_better else -metric for metric in keeper.metrics)
    return FitRecord(
        curve=Curve(tuple(losses), tuple(keeper.losses), as_read, tuple(rates)),
        best_epoch=keeper.best_epoch,
        trainable_parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
        total_parameters=sum(p.numel() for p in model.parameters()),
        notes=tuple(notes),
        cut_short=cut_short,
        settings=settings,
    )


def _set_thresholds(
    model: Model, material: Material, recipe: Recipe, device: torch.device, notes: list[str]
) -> dict[str, Any]:
    """Lay the offsets of the classes into the head: the given ones, or those that the held-out items ask for."""
    offsets = recipe.offsets
    if recipe.tune_thresholds and material.held_out is not None and material.held_out_examples is not None:
        outputs = raw_outputs(model, material.held_out, recipe.first_moving, device)
        found = tuned_offsets(model.task, outputs, material.held_out_examples.labels or ())
        if found is None:
            notes.append("too few validation items to tune thresholds on; each class is chosen as it was trained")
        else:
            offsets = tuple(round(float(offset), 4) for offset in found)
    if not offsets:
        return {}
    lay_in(model.head, offsets)
    return {"offsets": spelled(offsets)}


def _judge(model: Model, material: Material, recipe: Recipe, run: Run) -> tuple[float, float] | None:
    """Metric (higher is better) and loss on the held-out items; None where there are none."""
    if material.held_out is None or material.held_out_examples is None or not len(material.held_out):
        return None
    labels = material.held_out_examples.labels or ()
    predictions, loss = evaluate(model, material.held_out, labels, recipe.first_moving, run)
    value = model.task.metric.value(predictions, labels)
    return (value if model.task.metric.higher_is_better else -value), loss


def _warm_up_then_cosine(n_steps: int, warm_up: float) -> Callable[[int], float]:
    rising = max(1, round(warm_up * n_steps))

    def factor(step: int) -> float:
        if step < rising:
            return (step + 1) / rising
        return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, n_steps - rising)))

    return factor
