"""What metrics of classes have in common: the class of each item as a number, its probabilities, and checks of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.task import Metric, Predictions
from transferkit.tasks.metrics.checks import check_lengths


@dataclass(frozen=True)
class ClassMetric(Metric):
    """A metric of classes. `classes` names the columns of `Predictions.scores`; metrics of labels alone need none."""

    classes: tuple[str, ...] = ()

    def chances(self, predictions: Predictions, labels: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities (n, C) and the column of each item's true class (n,)."""
        check_lengths(predictions, labels)
        scores = predictions.scores
        if scores is None:
            raise WrongUse(f"metric {self.name} needs a probability for each class, and these predictions have none")
        if scores.shape != (len(labels), len(self.classes)):
            raise ValueError(f"scores {scores.shape} do not fit {len(labels)} items of {len(self.classes)} classes")
        if not np.isfinite(scores).all():
            raise Failed(f"metric {self.name} cannot be computed: a predicted probability is not finite")
        column = {name: i for i, name in enumerate(self.classes)}
        return np.asarray(scores, dtype=np.float64), np.array([column[label] for label in labels])


def rarest(labels: Sequence[Any]) -> float:
    """n / (C x the smallest class): what one item of the rarest class adds to its own value of a macro metric."""
    counts = Counter(labels)
    return len(labels) / (len(counts) * min(counts.values()))
