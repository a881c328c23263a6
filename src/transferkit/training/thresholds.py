"""Thresholds: what is added to each class's logit before the decision, chosen on validation for the task's own metric.

With two classes it is the threshold of the decision; with several tags one threshold each. Coordinate ascent over the values
at which a decision changes; a class keeps 0 unless another value is better, and of equal ones the nearest to 0 is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from transferkit.core.errors import WrongUse
from transferkit.core.task import Task
from transferkit.training.best_state import LEAST_ITEMS

ROUNDS = 3
"""Passes over all classes; the ascent ends earlier where none gains."""
CANDIDATES = 41
"""Values tried for one class."""
REACH = 4.0
"""The largest offset, in logits."""


def tuned_offsets(task: Task, outputs: Tensor, labels: Sequence[Any]) -> np.ndarray | None:
    """(n_classes,) float32 offsets; None where the items are too few to tell a better threshold from chance.

    `outputs`: (n, n_classes) logits of held-out items. Raises one line for a task without classes.
    """
    if not task.describe().get("classes"):
        raise WrongUse(
            f"task {task.name} has no classes, so there are no thresholds to tune; leave thresholds=as_trained"
        )
    if not isinstance(outputs, Tensor) or outputs.ndim != 2 or len(outputs) < LEAST_ITEMS:
        return None
    offsets = torch.zeros(outputs.shape[1])
    sign = 1.0 if task.metric.higher_is_better else -1.0

    def worth(candidate: Tensor) -> float:
        return sign * task.metric.value(task.decode(outputs + candidate), labels)

    best = worth(offsets)
    grid = sorted(np.linspace(-REACH, REACH, CANDIDATES).tolist(), key=abs)
    for _ in range(ROUNDS):
        before = best
        for k in range(outputs.shape[1]):
            for value in grid:
                candidate = offsets.clone()
                candidate[k] = value
                found = worth(candidate)
                if found > best:
                    best, offsets = found, candidate
        if best == before:
            break
    tuned: np.ndarray = offsets.numpy()
    return tuned


def lay_in(head: nn.Module, offsets: Sequence[float]) -> None:
    """Add the offsets to the bias of the head's last linear layer."""
    layers = [module for module in head.modules() if isinstance(module, nn.Linear) and module.bias is not None]
    if not layers or len(layers[-1].bias) != len(offsets):
        raise WrongUse(f"{len(offsets)} offsets do not fit this head; thresholds are tuned for classes and tags alone")
    with torch.no_grad():
        layers[-1].bias.add_(torch.tensor(list(offsets), dtype=layers[-1].bias.dtype, device=layers[-1].bias.device))


def spelled(offsets: Sequence[float]) -> str:
    """As a setting is written: "0.5/-0.2"."""
    return "/".join(f"{float(offset):g}" for offset in offsets)


def read(text: str) -> tuple[float, ...]:
    """The inverse of `spelled`.

    >>> read("0.5/-0.2")
    (0.5, -0.2)
    """
    try:
        return tuple(float(part) for part in text.split("/")) if text else ()
    except ValueError:
        raise WrongUse(f"offsets={text!r} are no numbers; write one a class, as in 0.5/-0.2") from None
