"""Macro-F1: the mean over classes of F1, the harmonic mean of precision and recall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.task import Predictions
from transferkit.tasks.metrics.class_counts import ClassCounts
from transferkit.tasks.metrics.class_metric import ClassMetric, rarest


@dataclass(frozen=True)
class MacroF1(ClassMetric):
    """The mean over classes of F1 = 2 hits / (truths + guesses). Use where classes are skewed and false alarms cost."""

    name = "macro_f1"

    def step(self, labels: Sequence[Any]) -> float:
        """One item of the rarest class moves the metric most."""
        return rarest(labels)

    def per_item(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n,) jackknife pseudo-values; single ones may lie outside 0 to 1.

        >>> MacroF1().value(Predictions(("a", "a", "b", "b")), ["a", "b", "b", "b"])
        0.733...
        """
        counts = ClassCounts.of(predictions, labels)
        truth, guess, right = counts.truth, counts.guess, counts.is_right
        f1 = 2 * counts.hits / (counts.truths + counts.guesses)

        # Its own class loses a truth and, where right, a hit and a guess.
        sizes = counts.truths[truth] - 1 + counts.guesses[truth] - right
        own = 2 * (counts.hits[truth] - right) / np.maximum(sizes, 1)  # size 0 has no hits either
        totals = f1.sum() - f1[truth] + np.where(counts.is_only_one, 0.0, own)

        # Where wrong, the class that was guessed, if it is one that counts, loses a guess.
        wrong = (right == 0) & (guess >= 0)
        other = guess[wrong]
        sizes = counts.truths[other] + counts.guesses[other] - 1
        totals[wrong] += 2 * counts.hits[other] / sizes - f1[other]
        return counts.macro_values(f1, totals)
