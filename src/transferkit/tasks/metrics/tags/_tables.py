"""What metrics of tags have in common: items x tags as tables of 0 and 1, and macro averages without each item.

Averages go over the tags that occur in the truth, so that arms judged on the same items average over the same tags. A tag that
one item alone bears leaves the average with it (as a class does in `class_counts.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.task import Metric, Predictions
from transferkit.tasks.metrics.checks import check_lengths
from transferkit.tasks.metrics.jackknife import pseudo_values


@dataclass(frozen=True)
class TagMetric(Metric):
    """A metric of tags. `classes` names them, in the order of the columns of `Predictions.scores`."""

    classes: tuple[str, ...] = ()

    def truth(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n, C) bool: which item bears which tag."""
        check_lengths(predictions, labels)
        return table(labels, self.classes)

    def scores(self, predictions: Predictions) -> np.ndarray:
        """(n, C) float64: how sure each tag is."""
        scores = predictions.scores
        if scores is None:
            raise WrongUse(f"metric {self.name} needs a probability for each tag, and these predictions have none")
        if scores.shape != (len(predictions), len(self.classes)):
            raise ValueError(f"scores {scores.shape} do not fit {len(predictions)} items and {len(self.classes)} tags")
        if not np.isfinite(scores).all():
            raise Failed(f"metric {self.name} cannot be computed: a predicted probability is not finite")
        return np.asarray(scores, dtype=np.float64)

    def step(self, labels: Sequence[Any]) -> float:
        """n / (C x the rarest tag's items): what one item that bears it adds to its own value of a macro metric."""
        counts = Counter(tag for tags in labels for tag in tags)
        return len(labels) / (len(counts) * min(counts.values())) if counts else 1.0


def table(labels: Sequence[Sequence[str]], classes: Sequence[str]) -> np.ndarray:
    """(n, C) bool, one row an item, one column a tag; a tag that is not among `classes` gives one line.

    >>> table([("a",), (), ("a", "b")], ("a", "b")).astype(int).tolist()
    [[1, 0], [0, 0], [1, 1]]
    """
    column = {name: i for i, name in enumerate(classes)}
    borne = np.zeros((len(labels), len(classes)), dtype=bool)
    for row, tags in enumerate(labels):
        for tag in tags:
            if tag not in column:
                raise WrongUse(f"tag {tag!r} is not among the tags {', '.join(classes[:20])}")
            borne[row, column[tag]] = True
    return borne


def macro_values(by_tag: np.ndarray, without: np.ndarray, truth: np.ndarray, name: str) -> np.ndarray:
    """(n,) pseudo-values of the mean over the tags that occur.

    by_tag: (C,) the metric of each tag. without: (n, C) the same without each item. truth: (n, C) bool.
    """
    sizes = truth.sum(axis=0)
    occurs = sizes > 0
    if not occurs.any():
        raise WrongUse(f"metric {name} looks at tags that occur, and none of the {len(truth)} items judged bears any")
    stays = occurs & ~(truth & (sizes == 1))  # (n, C) which tags occur without the item
    left = np.where(stays, without, 0.0).sum(axis=1) / np.maximum(stays.sum(axis=1), 1)
    return pseudo_values(float(by_tag[occurs].mean()), left)
