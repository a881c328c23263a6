"""Class counts: hits, truths and guesses of each class, and macro averages without each item.

Averages go over the classes that occur in the truth, so that arms judged on the same items average over the same
classes. A class with one item leaves the average with it: such a class makes the metric uncertain, and its value shows.
Leaving one item out changes the counts of two classes at most, so all n values cost O(n + C).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.task import Predictions
from transferkit.tasks.metrics.checks import check_lengths
from transferkit.tasks.metrics.jackknife import pseudo_values


@dataclass(frozen=True)
class ClassCounts:
    """Items and classes counted, classes being those of the truth, in order of appearance."""

    truth: np.ndarray
    """(n,) int: each item's class."""
    guess: np.ndarray
    """(n,) int: the class predicted; -1 where the truth has no such class."""
    hits: np.ndarray
    """(C,) items of a class that were given it."""
    truths: np.ndarray
    """(C,) items of a class."""
    guesses: np.ndarray
    """(C,) items given a class."""

    @classmethod
    def of(cls, predictions: Predictions, labels: Sequence[Any]) -> ClassCounts:
        """Count."""
        check_lengths(predictions, labels)
        code: dict[Any, int] = {}
        truth = np.array([code.setdefault(label, len(code)) for label in labels])
        guess = np.array([code.get(label, -1) for label in predictions.labels])
        return cls(
            truth=truth,
            guess=guess,
            hits=np.bincount(truth[truth == guess], minlength=len(code)),
            truths=np.bincount(truth, minlength=len(code)),
            guesses=np.bincount(guess[guess >= 0], minlength=len(code)),
        )

    @property
    def is_right(self) -> np.ndarray:
        """(n,) 1 where right."""
        right: np.ndarray = self.truth == self.guess
        return right.astype(np.int64)

    @property
    def is_only_one(self) -> np.ndarray:
        """(n,) True where the item is its class's only one."""
        found: np.ndarray = self.truths[self.truth] == 1
        return found

    def macro_values(self, by_class: np.ndarray, totals: np.ndarray) -> np.ndarray:
        """(n,) pseudo-values of the mean of `by_class` (C,), from the sum over classes without each item (n,)."""
        n_classes = np.maximum(len(self.truths) - self.is_only_one, 1)  # 0 only where n is 1, which has no spread
        return pseudo_values(float(by_class.mean()), totals / n_classes)
