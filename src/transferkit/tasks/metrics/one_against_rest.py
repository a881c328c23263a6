"""One against the rest: the mean over classes of a two-class metric of scores, as pseudo-values.

Every class is in turn the positive one, scored by its probability. The average goes over the classes that occur in the
truth; a class with one item leaves it with that item (as in `class_counts.py`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.tasks.metrics.jackknife import pseudo_values

TwoClasses = Callable[[np.ndarray, np.ndarray], tuple[float, np.ndarray]]
"""Scores (n,) and which items are positive (n,) -> the metric, and the metric without each item (n,)."""


def macro_values(metric: TwoClasses, scores: np.ndarray, truth: np.ndarray, name: str) -> np.ndarray:
    """(n,) pseudo-values of the mean over classes; scores (n, C), truth (n,) the column of each item's class.

    `metric` is only asked where there are positives and negatives; what it says of the metric without the only positive
    is not used.
    """
    present, sizes = np.unique(truth, return_counts=True)
    if len(present) < 2:
        raise WrongUse(f"metric {name} compares classes, and all of the {len(truth)} items judged are of one class")
    total, without = 0.0, np.zeros(len(truth))
    for column, size in zip(present, sizes, strict=True):
        positive = truth == column
        value, left = metric(scores[:, column], positive)
        total += value
        without += left if size > 1 else np.where(positive, 0.0, left)
    is_only_one = sizes[np.searchsorted(present, truth)] == 1
    return pseudo_values(total / len(present), without / (len(present) - is_only_one))
