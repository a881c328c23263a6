"""LabelLoss: what outputs cost beside the labels, as the weights of items, adjusted logits and smoothed labels have it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from transferkit.core.examples import Examples
from transferkit.core.task import Task
from transferkit.training.imbalance import Balance, item_weights


class LabelLoss:
    """The task's loss on one set of labelled items."""

    def __init__(
        self, task: Task, examples: Examples, balance: Balance, smoothing: float, device: torch.device
    ) -> None:
        weights = item_weights(task, examples, balance == "weights")
        self._task, self._smoothing = task, smoothing
        self._weights = None if weights is None else weights.to(device)
        self._prior = task.prior_logits(examples.labels or ()).to(device) if balance == "logits" else None

    def weights(self, chosen: Tensor) -> Tensor | None:
        """(batch,) how much the items at these positions count, 1 on average over all; None: all alike."""
        return None if self._weights is None else self._weights[chosen.to(self._weights.device)]

    def __call__(self, outputs: Any, targets: Any, weights: Tensor | None) -> Tensor:
        """Mean over the batch."""
        adjusted = outputs if self._prior is None else outputs + self._prior
        loss = self._task.loss(adjusted, targets, weights)
        if not self._smoothing:
            return loss
        return (1 - self._smoothing) * loss + self._smoothing * self._task.even_loss(adjusted, weights)
