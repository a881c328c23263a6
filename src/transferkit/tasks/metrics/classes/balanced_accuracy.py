"""Balanced accuracy: the mean over classes of the share of each that is found (macro recall)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.task import Predictions
from transferkit.tasks.metrics.class_counts import ClassCounts
from transferkit.tasks.metrics.class_metric import ClassMetric, rarest


@dataclass(frozen=True)
class BalancedAccuracy(ClassMetric):
    """The mean over classes of the share of each that is found. Use where a rare class counts as much as a common one."""

    name = "balanced_accuracy"

    def step(self, labels: Sequence[Any]) -> float:
        """One item of the rarest class moves the metric most."""
        return rarest(labels)

    def per_item(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n,) jackknife pseudo-values; single ones may lie outside 0 to 1.

        >>> BalancedAccuracy().value(Predictions(("a", "a", "a", "a")), ["a", "a", "a", "b"])
        0.5
        """
        counts = ClassCounts.of(predictions, labels)
        recall = counts.hits / counts.truths
        with np.errstate(invalid="ignore"):  # 0 / 0 where the item is its class's only one: that class then leaves
            without = (counts.hits[counts.truth] - counts.is_right) / (counts.truths[counts.truth] - 1)
        totals = recall.sum() - recall[counts.truth] + np.where(counts.is_only_one, 0.0, without)
        return counts.macro_values(recall, totals)
