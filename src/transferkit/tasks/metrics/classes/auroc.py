"""AUROC: the area under the receiver operating characteristic - how often a positive item is scored above a negative.

Mann & Whitney 1947: with P positives, N negatives and ties counted half, AUROC = (pairs in order) / (P N). Without a
positive item i its own pairs are gone: (pairs - pairs of i) / ((P - 1) N), so that one sort gives all n leave-one-out
values. The spread of the pseudo-values is that of DeLong, DeLong & Clarke-Pearson 1988 up to terms of order 1 / n.

With more than two classes: each against the rest, mean over the classes (Provost & Domingos 2000, unweighted).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.task import Predictions
from transferkit.tasks.metrics.class_metric import ClassMetric, rarest
from transferkit.tasks.metrics.one_against_rest import macro_values

CHANCE = 0.5
"""Stands for the metric where the only negative is left out and no pair remains."""


@dataclass(frozen=True)
class AUROC(ClassMetric):
    """How well probabilities order the items, whatever the threshold. Use where a threshold is chosen later.

    Says nothing of whether the probabilities are true; see `log_loss` and `calibration_error`.
    """

    name = "auroc"

    def step(self, labels: Sequence[Any]) -> float:
        """One item of the rarest class moves the metric most."""
        return rarest(labels)

    def per_item(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n,) jackknife pseudo-values; single ones may lie outside 0 to 1.

        >>> scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.6, 0.4]])
        >>> AUROC(("a", "b")).value(Predictions(("a", "b", "b", "a"), scores), ["a", "a", "b", "b"])
        0.75
        """
        scores, truth = self.chances(predictions, labels)
        return macro_values(area_under_roc, scores, truth, self.name)


def area_under_roc(scores: np.ndarray, positive: np.ndarray) -> tuple[float, np.ndarray]:
    """The area for scores (n,) and positives (n,) bool, and the area without each item (n,)."""
    above, below = scores[positive], scores[~positive]
    wins = np.empty(len(scores))
    wins[positive] = _share_below(np.sort(below), above)
    wins[~positive] = len(above) - _share_below(np.sort(above), below)
    pairs, rest = float(wins[positive].sum()), wins.sum() / 2
    n_above = len(above) - positive
    n_below = len(below) - ~positive
    left = n_above * n_below
    return pairs / (len(above) * len(below)), np.where(left > 0, (rest - wins) / np.maximum(left, 1), CHANCE)


def _share_below(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    """For each value how many of `ordered` lie below it, ties counted half."""
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / 2
