"""First batches: what one training step costs on this machine, from a few real ones. The planner's costs start from it."""

from __future__ import annotations

import time

import torch

from transferkit.core.run import Run
from transferkit.core.target import Target
from transferkit.training.body import Body
from transferkit.training.every_core import on_one_core, pays_to_share
from transferkit.training.inputs import Inputs
from transferkit.training.loop import Material, train
from transferkit.training.model import Model, moved
from transferkit.training.recipe import Recipe

STEPS = 2
"""Timed after one that is not: the first batch also pays for memory, and for the choice of kernels and of a precision."""
ENOUGH = 0.5
"""Seconds that say enough of a step: one that takes longer is not timed again."""
WORTH = 0.05
"""Share of the seconds left that the timing may take; where it would take more, a step is guessed from one pass."""
PASSES = 3
"""What a step is guessed at, in passes: one there, and about two back."""


def seconds_a_step(body: Body, target: Target, batch_size: int, run: Run) -> float:
    """Seconds of one step that moves the whole network, on a batch of the target's own items.

    A throwaway copy is trained; raises BudgetSpent where the run's deadline comes first.
    """
    batch = target.train.take(range(min(batch_size, len(target.train))))
    network = body.make()
    model = Model(target.task, network, target.task.head(network, run.derived_seed("head")), body.processor)
    material = Material(Inputs(batch, body.processor), batch)
    affordable = WORTH * run.seconds_left() / (STEPS + 1)
    guessed = PASSES * _seconds_a_pass(model, material, run)
    if guessed > affordable:  # the first pass too pays for memory and kernels
        guessed = min(guessed, PASSES * _seconds_a_pass(model, material, run))
    if guessed > affordable:
        run.check_deadline()
        return guessed
    recipe = Recipe(epochs=1, batch_size=len(batch), augmentation="auto")
    train(model, material, recipe, run)
    seconds: list[float] = []
    while len(seconds) < STEPS and sum(seconds) < ENOUGH:
        begun = time.monotonic()
        train(model, material, recipe, run)
        seconds.append(time.monotonic() - begun)
    return sum(seconds) / len(seconds)


def _seconds_a_pass(model: Model, material: Material, run: Run) -> float:
    """On as many cores as a step will have: on a busy machine two that wait for each other take many times as long as one."""
    device = torch.device(run.device)
    model.to(device)
    model.eval()
    begun = time.monotonic()
    inputs = moved(material.inputs[range(len(material.examples))], device)
    with torch.inference_mode(), on_one_core(not pays_to_share(model.network, inputs)):
        model.features(inputs)
    return time.monotonic() - begun
