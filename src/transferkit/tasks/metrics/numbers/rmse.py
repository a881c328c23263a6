"""RMSE: the root of the mean squared error, in the labels' own unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.task import Metric, Predictions
from transferkit.tasks.metrics.jackknife import pseudo_values
from transferkit.tasks.metrics.numbers._pairs import pairs, spread


@dataclass(frozen=True)
class RMSE(Metric):
    """How far predictions lie off, large errors weighing more. Use where one large error is worse than several small."""

    name = "rmse"
    higher_is_better = False
    unit = "units"
    scale = 1.0
    reach = float("inf")

    def step(self, labels: Sequence[Any]) -> float:
        """One standard deviation of the labels."""
        return spread(labels)

    def margin(self, labels: Sequence[Any]) -> float:
        """A hundredth of the labels' standard deviation; the same as about one point of r2 where that is 75."""
        return 0.01 * spread(labels)

    def per_item(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n,) jackknife pseudo-values; single ones may be negative.

        >>> RMSE().value(Predictions((1.0, 2.0)), [4.0, 6.0])
        3.535...
        """
        guess, truth = pairs(predictions, labels, self.name)
        squares = np.square(guess - truth)
        without = np.maximum(squares.sum() - squares, 0.0) / max(len(truth) - 1, 1)
        return pseudo_values(float(np.sqrt(squares.mean())), np.sqrt(without))
