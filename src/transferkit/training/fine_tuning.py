"""Fine-tuning: lay out what is trained on, run the loop, give the fitted network. Scratch is fine-tuning of a fresh body."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import nn

from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples
from transferkit.core.network import Network, State
from transferkit.core.run import Run
from transferkit.core.target import Target
from transferkit.training.body import Body
from transferkit.training.fitted import FittedNetwork
from transferkit.training.frozen import frozen_states
from transferkit.training.inputs import Inputs
from transferkit.training.loop import Addition, Material, train
from transferkit.training.model import Model, moved
from transferkit.training.recipe import Recipe


def fine_tune(
    body: Body,
    head: nn.Module | None,
    target: Target,
    recipe: Recipe,
    run: Run,
    moving_stages: int | None = None,
    add: Callable[[Model], Addition] | None = None,
) -> FittedNetwork:
    """Train a new copy of `body` with `head` (None: a fresh one) on the target.

    `moving_stages`: how many of the last stages move. What comes before them runs once per item, and is cached where its
    state is one tensor; there is then no augmentation, for it would have to pass through the frozen stages anew each time.
    `add`: what the method adds to the loop, for the model that is about to be trained; it may change that model's modules.
    """
    network = body.make()
    if head is None:
        head = target.task.head(network, run.derived_seed("head"))
    if moving_stages is not None and moving_stages < len(network.stages):
        if moving_stages < 0:
            raise WrongUse(f"moving_stages={moving_stages} must be at least 0")
        recipe = replace(recipe, first_moving=len(network.stages) - moving_stages, augmentation="none")
    inputs = _Inputs(body, network, recipe.first_moving, run)
    material = Material(
        inputs(target.train),
        target.train,
        inputs(target.validation) if len(target.validation) else None,
        target.validation if len(target.validation) else None,
    )
    model = Model(target.task, network, head, body.processor)
    model.to(torch.device(run.device))
    addition = add(model) if add is not None else Addition()
    record = train(model, material, recipe, run, addition)
    if addition.end is not None:
        addition.end()
        record = replace(record, total_parameters=sum(p.numel() for p in model.parameters()))
    notes = (*body.told(target.train.items), *record.notes)
    settings = {**record.settings, **addition.settings}
    return FittedNetwork(model, replace(record, notes=notes, settings=settings, origin=body.origin))


class _Inputs:
    """Examples -> what enters the first moving stage."""

    def __init__(self, body: Body, network: Network, first_moving: int, run: Run) -> None:
        self._body, self._network, self._first_moving, self._run = body, network, first_moving, run

    def __call__(self, examples: Examples) -> Inputs:
        processor = self._body.processor
        if self._first_moving == 0:
            return Inputs(examples, processor)
        if isinstance(self._frozen(processor([examples.items[0]])), tuple):
            return Inputs.behind(examples, processor, self._frozen)
        return Inputs.of_states(frozen_states(self._body, examples, self._run, self._first_moving))

    def _frozen(self, inputs: State) -> State:
        """Through the stages that stay, on the run's device and back."""
        self._run.check_deadline()
        device = torch.device(self._run.device)
        with torch.no_grad():
            state = self._network.to(device).run(moved(inputs, device), 0, self._first_moving)
        return moved(state, torch.device("cpu"))
