"""Calibration error: how far confidence lies from the share that is right, freed of what chance alone would show.

Of each item we take the confidence c in the class predicted and whether it is right, a in {0, 1}; items are put into ten
bins of equal mass by c (Nguyen & O'Connor 2015); items of equal confidence share a bin. The mean of c - a in a bin, squared, is
the squared gap plus the chance variance of that mean; without the terms of an item with itself that variance is gone,

    squared error = sum over bins b of n_b / n (S_b^2 - Q_b) / (n_b (n_b - 1)),   S_b = sum (c - a), Q_b = sum (c - a)^2

which is unbiased for the bins at hand (Bröcker 2012; Kumar, Liang & Ma 2019). The metric is its root, with its sign: a
plain binned error is never near 0 with few items, this one is 0 on average for a calibrated model and so falls below 0 half
of the time. Read a negative one as "no miscalibration was found".

Pseudo-values leave an item out of its bin; the bins stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.core.task import Predictions
from transferkit.tasks.metrics.class_metric import ClassMetric
from transferkit.tasks.metrics.jackknife import pseudo_values

BINS = 10
LEAST_IN_A_BIN = 5


@dataclass(frozen=True)
class CalibrationError(ClassMetric):
    """Root mean squared gap between confidence and share right. Use where a person acts on the probability of one item.

    Needs 50 items, and says little with fewer than some hundred. A model that always gives the classes' shares is
    calibrated and useless; read it beside a metric of skill.
    """

    name = "calibration_error"
    higher_is_better = False

    def per_item(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n,) jackknife pseudo-values.

        >>> scores = np.array([[0.9, 0.1]] * 100)  # sure by 0.9, right in 6 of 10
        >>> metric = CalibrationError(("a", "b"))
        >>> round(metric.value(Predictions(("a",) * 100, scores), ["a"] * 60 + ["b"] * 40), 3)
        0.296
        """
        scores, truth = self.chances(predictions, labels)
        n = len(truth)
        if n < BINS * LEAST_IN_A_BIN:
            raise WrongUse(
                f"metric {self.name} needs {BINS * LEAST_IN_A_BIN} items or more to judge, and there are {n}"
            )
        confidence, guess = scores.max(axis=1), scores.argmax(axis=1)
        gap = confidence - (guess == truth)
        bins = _equal_mass(confidence)
        size = np.bincount(bins).astype(np.float64)
        total, squares = np.bincount(bins, gap), np.bincount(bins, gap**2)
        by_bin = (total**2 - squares) / (size - 1)  # times n_b / n_b
        left = ((total[bins] - gap) ** 2 - (squares[bins] - gap**2)) / (size[bins] - 2)
        without = (by_bin.sum() - by_bin[bins] + left) / (n - 1)
        return pseudo_values(float(_root(by_bin.sum() / n)), _root(without))


def _equal_mass(confidence: np.ndarray) -> np.ndarray:
    """(n,) the bin of each item; items of equal confidence share a bin."""
    ordered, n = np.sort(confidence), len(confidence)
    cuts = [0]
    for cut in np.linspace(0, n, BINS + 1).astype(int)[1:-1]:
        end = int(np.searchsorted(ordered, ordered[cut - 1], "right"))
        if end - cuts[-1] >= LEAST_IN_A_BIN and n - end >= LEAST_IN_A_BIN:
            cuts.append(end)
    return np.searchsorted(ordered[cuts[1:]], confidence, "right")


def _root(squared: Any) -> Any:
    return np.sign(squared) * np.sqrt(np.abs(squared))
