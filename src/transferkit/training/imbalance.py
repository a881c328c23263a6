"""Imbalance: how a loss, an order of items or a set of logits makes rare classes count as much as frequent ones.

Three ways to the same end, each of them alone: weights in the loss (the default; exact, but a rare item's gradient is large
and comes seldom), balanced sampling (rare items are drawn more often), logit adjustment (Menon, Jayasumana, Rawat, Jain, Veit
& Kumar 2021, arXiv:2007.07314, eq. 10: log class shares are added to the logits in training, and left out afterwards).
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor

from transferkit.core.examples import Examples
from transferkit.core.task import Task

Balance = Literal["weights", "sampling", "logits", "none"]
BALANCES = get_args(Balance)


def item_weights(task: Task, examples: Examples, balance: bool) -> Tensor | None:
    """(n,) weights of the loss with mean 1: the owner's, times what makes every stratum count alike; None: all alike."""
    weights = np.ones(len(examples)) if examples.weights is None else examples.weights.astype(float)
    if balance and examples.labels is not None:
        weights = weights * _evening(task, examples)
    if np.allclose(weights, weights[0]):
        return None
    return torch.from_numpy((weights / weights.mean()).astype(np.float32))


class Order:
    """The order in which items are seen, drawn anew for each epoch.

    Each item once; or, `evenly`, n draws with replacement in which every stratum has the same chance.
    """

    def __init__(self, task: Task, examples: Examples, evenly: bool, generator: torch.Generator) -> None:
        self._n, self._generator = len(examples), generator
        self._chances = torch.from_numpy(_evening(task, examples)) if evenly and examples.labels is not None else None

    def draw(self) -> Tensor:
        """(n,) indices."""
        if self._chances is None:
            return torch.randperm(self._n, generator=self._generator)
        return torch.multinomial(self._chances, self._n, replacement=True, generator=self._generator)


def _evening(task: Task, examples: Examples) -> np.ndarray:
    """(n,) one over the size of each item's stratum; 1 where strata are no classes."""
    if not task.balances:
        return np.ones(len(examples))
    strata = task.strata(examples.labels or ())
    evening: np.ndarray = 1.0 / np.bincount(strata)[strata]
    return evening
