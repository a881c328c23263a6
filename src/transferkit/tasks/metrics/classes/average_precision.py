"""Average precision, and its mean over classes (mAP): how pure the top of a list ordered by score is.

AP = sum over thresholds of (recall gained there) x (precision there): every positive item counts the precision at its own
score, items of equal score together. Davis & Goadrich 2006 show why no trapezoids. With tp and k the positives and all
items scored at or above an item, leaving an item out turns tp / k into (tp - 1) / (k - 1) or tp / (k - 1) at and below its
own score and changes nothing above: cumulative sums give all n leave-one-out values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.task import Predictions
from transferkit.tasks.metrics.class_metric import ClassMetric, rarest
from transferkit.tasks.metrics.one_against_rest import macro_values


@dataclass(frozen=True)
class AveragePrecision(ClassMetric):
    """Mean over classes of the average precision of each against the rest. Use where the top of a list is what is looked at.

    A class has its own share of the items as floor, unlike `auroc`, whose floor is one half.
    """

    name = "average_precision"

    def step(self, labels: Sequence[Any]) -> float:
        """One item of the rarest class moves the metric most."""
        return rarest(labels)

    def per_item(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n,) jackknife pseudo-values; single ones may lie outside 0 to 1.

        >>> scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.6, 0.4]])
        >>> AveragePrecision(("a", "b")).value(Predictions(("a", "b", "b", "a"), scores), ["a", "a", "b", "b"])
        0.833...
        """
        scores, truth = self.chances(predictions, labels)
        return macro_values(area_under_steps, scores, truth, self.name)


def area_under_steps(scores: np.ndarray, positive: np.ndarray) -> tuple[float, np.ndarray]:
    """The average precision for scores (n,) and positives (n,) bool, and that without each item (n,)."""
    _, group, sizes = np.unique(-scores, return_inverse=True, return_counts=True)  # group 0 has the highest score
    inside = np.bincount(group, weights=positive, minlength=len(sizes))  # positives of each group
    tp, k = inside.cumsum(), sizes.cumsum().astype(np.float64)
    n_positive = tp[-1]

    fewer = np.maximum(k - 1, 1)
    before = _sum_before(inside * tp / k)
    after_negative = _sum_after(inside * tp / fewer)
    after_positive = _sum_after(inside * (tp - 1) / fewer)
    own_negative = inside * tp / fewer
    own_positive = (inside - 1) * (tp - 1) / fewer

    without_negative = (before + own_negative + after_negative) / n_positive
    without_positive = (before + own_positive + after_positive) / max(n_positive - 1, 1)
    value = float((inside * tp / k).sum() / n_positive)
    return value, np.where(positive, without_positive[group], without_negative[group])


def _sum_before(values: np.ndarray) -> np.ndarray:
    sums: np.ndarray = values.cumsum() - values
    return sums


def _sum_after(values: np.ndarray) -> np.ndarray:
    sums: np.ndarray = values[::-1].cumsum()[::-1] - values
    return sums
