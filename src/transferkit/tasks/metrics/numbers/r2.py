"""R2: the share of the labels' variance that predictions explain - 1 - squared errors / squared deviations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.core.task import Metric, Predictions
from transferkit.tasks.metrics.jackknife import pseudo_values
from transferkit.tasks.metrics.numbers._pairs import pairs


@dataclass(frozen=True)
class R2(Metric):
    """The share of variance explained: 0 for always saying the mean of the items judged, below 0 for worse.

    Use to compare across targets; it depends on how much the labels vary, which `rmse` does not.
    """

    name = "r2"
    reach = float("inf")

    def per_item(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n,) jackknife pseudo-values.

        >>> R2().value(Predictions((1.0, 2.0, 3.0)), [1.0, 2.0, 6.0])
        0.357...
        """
        guess, truth = pairs(predictions, labels, self.name)
        squares, deviations = np.square(guess - truth), np.square(truth - truth.mean())
        errors, total, n = squares.sum(), deviations.sum(), len(truth)
        if not total > 0:
            raise WrongUse(f"metric {self.name} is not defined: all of the {n} labels judged are {truth[0]:g}")
        # Without item i the mean moves too: the squared deviations lose n / (n - 1) times the item's own.
        left = total - deviations * n / (n - 1)
        # Where nothing varies without the item, the metric of all items stands.
        is_defined = left > 1e-12 * total
        without = np.where(is_defined, 1 - (errors - squares) / np.where(is_defined, left, 1.0), 1 - errors / total)
        return pseudo_values(float(1 - errors / total), without)
