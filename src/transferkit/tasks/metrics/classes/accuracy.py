"""Accuracy: the share of items given the right label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.task import Predictions
from transferkit.tasks.metrics.checks import check_lengths
from transferkit.tasks.metrics.class_metric import ClassMetric


@dataclass(frozen=True)
class Accuracy(ClassMetric):
    """The share of items given the right label. Use by default; where classes are skewed it rewards the largest."""

    name = "accuracy"

    def per_item(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n,) 1 where right, 0 where wrong.

        >>> Accuracy().per_item(Predictions(("cat", "dog")), ["cat", "cat"])
        array([1., 0.])
        """
        check_lengths(predictions, labels)
        pairs = zip(predictions.labels, labels, strict=True)
        return np.array([predicted == truth for predicted, truth in pairs], dtype=np.float64)
