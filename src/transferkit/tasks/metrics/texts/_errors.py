"""Errors over length: what word and character error rates have alike.

    rate = sum of edit distances / sum of lengths of the true texts,

over all items, so that a long text counts for more than a short one. That is no mean of items; they get jackknife
pseudo-values (`tasks/metrics/jackknife.py`), whose mean is the rate itself.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.core.task import Metric, Predictions
from transferkit.ops.edit_distance import edit_distance
from transferkit.tasks.metrics.checks import check_lengths
from transferkit.tasks.metrics.jackknife import pseudo_values


class ErrorRate(Metric):
    """A rate of errors in texts that `units` takes apart; abstract."""

    higher_is_better = False
    reach = float("inf")

    def units(self, text: str) -> Sequence[Hashable]:
        """What is counted: the words of a text, or its characters."""
        raise NotImplementedError

    def step(self, labels: Sequence[Any]) -> float:
        """The longest true text wholly wrong instead of right, as it moves that item's own value."""
        lengths = [len(self.units(label)) for label in labels]
        return len(lengths) * max(lengths) / sum(lengths) if sum(lengths) else 1.0

    def per_item(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n,) jackknife pseudo-values; single ones may be negative."""
        check_lengths(predictions, labels)
        pairs = [
            (self.units(truth), self.units(guess)) for truth, guess in zip(labels, predictions.labels, strict=True)
        ]
        errors = np.array([edit_distance(truth, guess) for truth, guess in pairs], dtype=np.float64)
        lengths = np.array([len(truth) for truth, _ in pairs], dtype=np.float64)
        if not lengths.sum():
            raise WrongUse(f"metric {self.name} is not defined: all of the {len(labels)} true texts are empty")
        rate, left = errors.sum() / lengths.sum(), lengths.sum() - lengths
        # Where the others are all empty texts, the rate of all items stands.
        without = np.where(left > 0, (errors.sum() - errors) / np.where(left > 0, left, 1.0), rate)
        return pseudo_values(float(rate), without)
