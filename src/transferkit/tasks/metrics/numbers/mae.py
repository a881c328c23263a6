"""MAE: the mean absolute error, in the labels' own unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.task import Metric, Predictions
from transferkit.tasks.metrics.numbers._pairs import pairs, spread


@dataclass(frozen=True)
class MAE(Metric):
    """How far predictions lie off, every unit of error weighing the same. Use where a few labels may be far out."""

    name = "mae"
    higher_is_better = False
    unit = "units"
    scale = 1.0
    reach = float("inf")

    def step(self, labels: Sequence[Any]) -> float:
        """One standard deviation of the labels."""
        return spread(labels)

    def margin(self, labels: Sequence[Any]) -> float:
        """A hundredth of the labels' standard deviation."""
        return 0.01 * spread(labels)

    def per_item(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n,) absolute errors.

        >>> MAE().per_item(Predictions((1.0, 2.0)), [4.0, 6.0])
        array([3., 4.])
        """
        guess, truth = pairs(predictions, labels, self.name)
        errors: np.ndarray = np.abs(guess - truth)
        return errors
