"""The one training loop: AdamW, warm-up and cosine, early stopping on validation with the best state restored.

Everything random (order, augmentation) is drawn from the run's seed, so equal seeds give equal weights on the CPU. The
loop ends at the run's deadline with the best state so far.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from transferkit.core.errors import BudgetSpent, Failed
from transferkit.core.examples import Examples
from transferkit.core.network import State
from transferkit.core.predictor import FitRecord
from transferkit.core.run import Run
from transferkit.core.task import Curve, Task
from transferkit.ops.augment import Augmentation, resolve
from transferkit.training.best_state import BestState
from transferkit.training.evaluation import evaluate, take
from transferkit.training.every_core import on_one_core, pays_to_share
from transferkit.training.inputs import Inputs
from transferkit.training.model import Model, moved
from transferkit.training.stages import freeze_before, keep_still, parameter_groups, train_mode


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train. Rates are per step of AdamW; `epochs` sets the length of the schedule."""

    epochs: int
    stop_after: int | None = None
    """Epochs of the schedule that are run; None: all. A refit stops where validation was best."""
    batch_size: int = 32
    learning_rate: float = 1e-3
    head_learning_rate: float | None = None
    """None: as `learning_rate`."""
    layer_decay: float = 1.0
    weight_decay: float = 0.01
    warm_up: float = 0.1
    """Share of all steps in which the rate rises from 0."""
    patience: int | None = None
    """Epochs without a better validation result after which training stops; None: never."""
    first_moving: int = 0
    """Position of the first stage that moves."""
    keep_statistics: bool = False
    balance: bool = True
    """Weigh items so that every class counts alike in the loss."""
    augmentation: Augmentation = "none"


@dataclass(frozen=True)
class Material:
    """What is trained on and judged by: inputs (or states at `Recipe.first_moving`), and the examples they belong to."""

    inputs: Inputs
    examples: Examples
    held_out: Inputs | None = None
    held_out_examples: Examples | None = None


@dataclass(frozen=True)
class Step:
    """One batch on its way, for penalties: L = L_task + penalty(step)."""

    features: State
    outputs: Any
    targets: Any
    progress: float
    """Share of the schedule that is done, 0 to 1; schedules of a penalty's weight follow it."""


Penalty = Callable[[Step], Tensor]


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


def train(model: Model, material: Material, recipe: Recipe, run: Run, addition: Addition = Addition()) -> FitRecord:
    """Train the model in place and leave the best state in it, in eval mode.

    Raises BudgetSpent where the deadline comes before the first epoch has ended, Failed where the loss is not a number.
    """
    batch = material.inputs[range(min(len(material.examples), recipe.batch_size))]
    with on_one_core(not pays_to_share(model.network, batch)):
        return _train(model, material, recipe, run, addition)


def _train(model: Model, material: Material, recipe: Recipe, run: Run, addition: Addition) -> FitRecord:
    task, device = model.task, torch.device(run.device)
    model.to(device)
    freeze_before(model.network, model.head, recipe.first_moving)
    if addition.moves is not None:
        keep_still(model.network, addition.moves)
    head_rate = recipe.head_learning_rate or recipe.learning_rate
    groups = parameter_groups(model.network, model.head, recipe.learning_rate, head_rate, recipe.layer_decay)
    for module in addition.modules:
        module.to(device).train()
        groups.append({"params": list(module.parameters()), "lr": head_rate})
    optimizer = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)
    n = len(material.examples)
    n_steps = recipe.epochs * len(_batches(torch.arange(n), recipe.batch_size))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _warm_up_then_cosine(n_steps, recipe.warm_up))
    order, noise = run.generator("order"), run.generator("augmentation")
    targets = task.encode(material.examples.labels or (), model.processor)
    weights = item_weights(task, material.examples, recipe.balance)
    augmentation = resolve(recipe.augmentation, material.inputs[range(min(n, 32))])
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
        for chosen in _batches(torch.randperm(n, generator=order), recipe.batch_size):
            if run.seconds_left() <= 0:
                break
            inputs, wanted = task.augment(material.inputs[chosen], take(targets, chosen, device), augmentation, noise)
            features = model.features(moved(inputs, device), recipe.first_moving)
            outputs = model.outputs(features, wanted)
            loss = task.loss(outputs, wanted, None if weights is None else weights[chosen].to(device))
            if addition.penalty is not None:
                loss = loss + addition.penalty(Step(features, outputs, wanted, step / n_steps))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            step += 1
            total += float(loss.detach()) * len(chosen)
        if run.seconds_left() <= 0:
            if epoch == 1:
                raise BudgetSpent("the time for this trial ended before its first epoch; give a larger --budget")
            cut_short = True
            notes.append(f"stopped at the deadline after {epoch - 1} of {n_epochs} epochs")
            break
        if not math.isfinite(total):
            raise Failed(f"the training loss was not a number in epoch {epoch}; try a lower learning_rate")
        losses.append(total / n)
        rates.append(float(optimizer.param_groups[0]["lr"]))
        keeper.judge(epoch, _judge(model, material, recipe, device), len(material.held_out or ()))
        run.progress("training", epoch, n_epochs)
        if keeper.exhausted:
            break
    keeper.restore()
    model.eval()
    as_read = tuple(metric if model.task.metric.higher_is_better else -metric for metric in keeper.metrics)
    return FitRecord(
        curve=Curve(tuple(losses), tuple(keeper.losses), as_read, tuple(rates)),
        best_epoch=keeper.best_epoch,
        trainable_parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
        total_parameters=sum(p.numel() for p in model.parameters()),
        notes=tuple(notes),
        cut_short=cut_short,
    )


def _batches(order: Tensor, size: int) -> list[Tensor]:
    """Batches of `size`; a last one of a single item joins the one before, for one item has no variance to normalise by."""
    batches = list(torch.split(order, size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def item_weights(task: Task, examples: Examples, balance: bool) -> Tensor | None:
    """(n,) weights of the loss with mean 1: the owner's, times what makes every stratum count alike; None: all alike."""
    weights = np.ones(len(examples)) if examples.weights is None else examples.weights.astype(float)
    if balance and examples.labels is not None:
        strata = task.strata(examples.labels)
        counts = np.bincount(strata)
        weights = weights / counts[strata]
    if np.allclose(weights, weights[0]):
        return None
    return torch.from_numpy((weights / weights.mean()).astype(np.float32))


def _judge(model: Model, material: Material, recipe: Recipe, device: torch.device) -> tuple[float, float] | None:
    """Metric (higher is better) and loss on the held-out items; None where there are none."""
    if material.held_out is None or material.held_out_examples is None or not len(material.held_out):
        return None
    labels = material.held_out_examples.labels or ()
    predictions, loss = evaluate(model, material.held_out, labels, recipe.first_moving, device)
    value = model.task.metric.value(predictions, labels)
    return (value if model.task.metric.higher_is_better else -value), loss


def _warm_up_then_cosine(n_steps: int, warm_up: float) -> Callable[[int], float]:
    rising = max(1, round(warm_up * n_steps))

    def factor(step: int) -> float:
        if step < rising:
            return (step + 1) / rising
        return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, n_steps - rising)))

    return factor
