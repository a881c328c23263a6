"""Log-loss: how improbable the truth was, on average (cross-entropy, in nats)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.task import Predictions
from transferkit.tasks.metrics.class_metric import ClassMetric

LEAST = float(np.finfo(np.float64).eps)
"""A probability of 0 counts as this, or one sure mistake would cost an infinity: 36 nats."""


@dataclass(frozen=True)
class LogLoss(ClassMetric):
    """Mean of -ln p(truth). Use where the probabilities themselves are used; a single sure mistake weighs heavily."""

    name = "log_loss"
    higher_is_better = False
    unit = "nats"
    scale = 1.0
    reach = float("inf")

    def per_item(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n,) nats.

        >>> metric = LogLoss(("cat", "dog"))
        >>> metric.per_item(Predictions(("cat", "cat"), np.array([[1.0, 0.0], [0.5, 0.5]])), ["cat", "dog"]).round(3)
        array([0.   , 0.693])
        """
        scores, truth = self.chances(predictions, labels)
        surprise: np.ndarray = -np.log(np.clip(scores[np.arange(len(truth)), truth], LEAST, 1.0))
        return surprise + 0.0  # no -0.0
