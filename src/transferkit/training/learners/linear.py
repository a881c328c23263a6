"""Linear: the task's closed-form head on features, ridge or logistic, every penalty chosen by what is left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from transferkit.core.task import ClosedForm, Predictions, Task
from transferkit.training.learners.contract import Learner


@dataclass(frozen=True, eq=False)
class Linear(Learner):
    """Outputs = features @ weight.T + bias, read by the task."""

    task: Task
    head: ClosedForm

    def outputs(self, features: np.ndarray) -> np.ndarray:
        """(n, d) -> (n, n_outputs)"""
        made: np.ndarray = np.asarray(features, dtype=np.float64) @ self.head.weight.T + self.head.bias
        return made

    def predict(self, features: np.ndarray) -> Predictions:
        return self.task.decode(torch.from_numpy(self.outputs(features)))

    def tensors(self) -> dict[str, Tensor]:
        weight, bias = (np.asarray(part, dtype=np.float64) for part in (self.head.weight, self.head.bias))
        return {"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)}


def fit_linear(
    task: Task,
    features: np.ndarray,
    labels: Sequence[Any],
    item_weights: np.ndarray | None = None,
    solver: str = "logistic",
) -> Linear:
    """Features (n, d), labels (n,), weights (n,) in any unit or None; items of weight 0 are left out. Classes without an item
    are never chosen; numbers are fitted by ridge, whatever the solver for classes."""
    if item_weights is not None:
        kept = np.flatnonzero(item_weights)
        features, labels, item_weights = features[kept], [labels[i] for i in kept.tolist()], item_weights[kept]
        item_weights = item_weights / item_weights.mean()  # the penalty is beside weights of mean 1
    return Linear(task, task.closed_form_head(features, labels, item_weights, solver if task.balances else "ridge"))


def build(task: Task, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Linear:
    """From what `tensors` gave."""
    return Linear(task, ClosedForm(tensors["weight"].numpy(), tensors["bias"].numpy()))
