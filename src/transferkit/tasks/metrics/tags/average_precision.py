"""Mean average precision (mAP): the average precision of each tag, averaged over the tags that occur.

The average precision, and all its leave-one-out values, are those of `classes/average_precision.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.task import Predictions
from transferkit.tasks.metrics.classes.average_precision import area_under_steps
from transferkit.tasks.metrics.tags._tables import TagMetric, macro_values


@dataclass(frozen=True)
class MeanAveragePrecision(TagMetric):
    """Mean over tags of how pure the top of the list is that is ordered by each tag's probability. Asks for no threshold."""

    name = "average_precision"

    def per_item(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n,) jackknife pseudo-values; single ones may lie outside 0 to 1.

        >>> scores = np.array([[0.9, 0.8], [0.6, 0.1], [0.2, 0.7]])
        >>> MeanAveragePrecision(("a", "b")).value(Predictions(((), (), ()), scores), [("a",), (), ("a", "b")])
        0.666...
        """
        truth, scores = self.truth(predictions, labels), self.scores(predictions)
        by_tag, without = np.zeros(truth.shape[1]), np.zeros(truth.shape)
        for k in np.flatnonzero(truth.any(axis=0)):
            by_tag[k], without[:, k] = area_under_steps(scores[:, k], truth[:, k])
        return macro_values(by_tag, without, truth, self.name)
