"""One pass: every training item once, in order, with gradients and without steps. What methods look at before they train."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from transferkit.core.examples import Examples
from transferkit.core.network import State
from transferkit.core.run import Run
from transferkit.training.evaluation import take
from transferkit.training.model import Model, moved
from transferkit.training.reading import inputs_of

BATCH = 32


def one_pass(model: Model, examples: Examples, run: Run) -> Iterator[tuple[State, Any, float]]:
    """Inputs, targets and the share of all items of each batch, on the run's device; losses times shares make the mean loss.

    The model is in eval mode, and all weights of its network ask for gradients.
    """
    model.eval()
    model.network.requires_grad_(True)
    device = torch.device(run.device)
    targets = model.task.encode(examples.labels or (), model.processor)
    for chosen in torch.split(torch.arange(len(examples)), BATCH):
        run.check_deadline()
        inputs = moved(inputs_of(model.processor, examples.items, chosen.tolist()), device)
        yield inputs, take(targets, chosen, device), len(chosen) / len(examples)
