"""Some of the items, every class in its share, for scores whose cost grows faster than the number of items."""

from __future__ import annotations

import numpy as np


def evenly(labels: np.ndarray, most: int) -> np.ndarray:
    """(at most `most`,) ascending positions among labels (n,), evenly spaced in each class; all where they are not more.

    >>> evenly(np.array([0, 0, 0, 0, 1, 1]), 3)
    array([0, 2, 4])
    """
    n = len(labels)
    if n <= most:
        return np.arange(n)
    by_class = np.argsort(labels, kind="stable")
    kept: np.ndarray = np.sort(by_class[np.arange(most) * n // most])
    return kept
