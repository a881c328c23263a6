"""Metrics of classes: accuracy, balanced accuracy, macro-F1 - each as one value an item whose mean is the metric.

Balanced accuracy and macro-F1 are no means of items, so they are given as jackknife pseudo-values (Tukey 1958; Efron &
Stein 1981): with theta the metric on all n items and theta_(i) the metric without item i,

    value_i = theta + (n - 1) (mean_j theta_(j) - theta_(i))

These differ from Tukey's n theta - (n - 1) theta_(i) by one constant, the jackknife's bias estimate, so that their
spread is the jackknife's and their mean is exactly the metric that scikit-learn prints. Leaving one item out changes the
counts of two classes at most, so all n values cost O(n + C).

Both average over the classes that occur in the truth, so that arms judged on the same items average over the same
classes. A class with one item leaves the average with it: such a class makes the metric uncertain, and its value shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.task import Metric, Predictions


class Accuracy(Metric):
    """The share of items given the right label. Use by default; where classes are skewed it rewards the largest."""

    name = "accuracy"

    def per_item(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n,) 1 where right, 0 where wrong.

        >>> Accuracy().per_item(Predictions(("cat", "dog")), ["cat", "cat"])
        array([1., 0.])
        """
        _check(predictions, labels)
        pairs = zip(predictions.labels, labels, strict=True)
        return np.array([predicted == truth for predicted, truth in pairs], dtype=np.float64)


class BalancedAccuracy(Metric):
    """The mean over classes of the share of each that is found. Use where a rare class counts as much as a common one."""

    name = "balanced_accuracy"

    def step(self, labels: Sequence[Any]) -> float:
        """One item of the rarest class moves the metric most."""
        return _rarest(labels)

    def per_item(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n,) jackknife pseudo-values; single ones may lie outside 0 to 1.

        >>> BalancedAccuracy().value(Predictions(("a", "a", "a", "a")), ["a", "a", "a", "b"])
        0.5
        """
        counts = _Counts.of(predictions, labels)
        recall = counts.hits / counts.truths
        with np.errstate(invalid="ignore"):  # 0 / 0 where the item is its class's only one: that class then leaves
            without = (counts.hits[counts.truth] - counts.is_right) / (counts.truths[counts.truth] - 1)
        totals = recall.sum() - recall[counts.truth] + np.where(counts.is_only_one, 0.0, without)
        return _pseudo_values(float(recall.mean()), totals, counts)


class MacroF1(Metric):
    """The mean over classes of F1 = 2 hits / (truths + guesses). Use where classes are skewed and false alarms cost."""

    name = "macro_f1"

    def step(self, labels: Sequence[Any]) -> float:
        """One item of the rarest class moves the metric most."""
        return _rarest(labels)

    def per_item(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n,) jackknife pseudo-values; single ones may lie outside 0 to 1.

        >>> MacroF1().value(Predictions(("a", "a", "b", "b")), ["a", "b", "b", "b"])
        0.733...
        """
        counts = _Counts.of(predictions, labels)
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
        return _pseudo_values(float(f1.mean()), totals, counts)


def _rarest(labels: Sequence[Any]) -> float:
    """n / (C x the smallest class): what one item of the rarest class adds to its own value of a macro metric."""
    counts = Counter(labels)
    return len(labels) / (len(counts) * min(counts.values()))


@dataclass(frozen=True)
class _Counts:
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
    def of(cls, predictions: Predictions, labels: Sequence[Any]) -> _Counts:
        _check(predictions, labels)
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


def _pseudo_values(value: float, totals: np.ndarray, counts: _Counts) -> np.ndarray:
    """From the sum over classes without each item, (n,), to one value an item whose mean is `value`."""
    n = len(totals)
    if n == 1:
        return np.array([value])
    without = totals / (len(counts.truths) - counts.is_only_one)  # theta_(i); n > 1 leaves a class at least
    spread: np.ndarray = (n - 1) * (without.mean() - without)
    return value + spread


def _check(predictions: Predictions, labels: Sequence[Any]) -> None:
    if len(predictions) != len(labels):
        raise ValueError(f"{len(predictions)} predictions cannot be judged by {len(labels)} labels")
    if not len(labels):
        raise ValueError("no items to judge")
