"""Nearest neighbours: the share of items whose neighbours, by the angle between features, are of the same class.

Every item is judged by the others (leave-one-out). The k nearest by cosine vote with weight 1 + cosine; k is the square
root of the middle class size, at most `MOST_NEIGHBOURS`, so that a class with three items can still win.

Cost O(n^2 d) time, O(n) memory beside the features, which stay float32 if they are. Bounds 0 to 1. Asks for no linear
boundary, which is its use beside the other scores; fails where the angle means nothing (raw measurements in different
units). An item whose features are all 0 is at a right angle to every other. With skewed classes large ones win votes by
number: say `balanced`.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.principal_axes import PrincipalAxes
from transferkit.ops.scores.inputs import balancing_weights, checked_items, checked_labels
from transferkit.ops.scores.score import Score

MOST_NEIGHBOURS = 20
BLOCK = 1024


def knn(
    features: np.ndarray | PrincipalAxes, labels: np.ndarray, *, k: int | None = None, balanced: bool = False
) -> float:
    """Leave-one-out accuracy of k nearest neighbours, for features (n, d) and class numbers (n,).

    `balanced`: votes and hits count by one over the size of their class, so that it is the mean over classes.

    >>> points = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    >>> knn(points, np.array([0, 0, 1, 1]))
    1.0
    """
    features = checked_items(features)
    table = features.table if isinstance(features, PrincipalAxes) else features
    n = len(table)
    labels = checked_labels(labels, n)
    k = neighbours(labels) if k is None else k
    if not 1 <= k < n:
        raise ValueError(f"k must be from 1 to {n - 1} with {n} items, got {k}")
    weights = balancing_weights(labels) if balanced else np.ones(n)
    table = table.astype(np.float32 if table.dtype == np.float32 else np.float64)
    lengths = np.linalg.norm(table, axis=1, keepdims=True)
    directions = table / np.where(lengths > 0, lengths, 1)
    right = np.zeros(n, dtype=bool)
    for start in range(0, n, BLOCK):
        rows = np.arange(start, min(start + BLOCK, n))
        cosines = directions[rows] @ directions.T  # (block, n)
        cosines[np.arange(len(rows)), rows] = -np.inf
        nearest = np.argpartition(cosines, n - k, axis=1)[:, n - k :]  # (block, k)
        votes = np.zeros((len(rows), labels.max() + 1))
        strength = weights[nearest] * (1 + np.take_along_axis(cosines, nearest, axis=1))
        np.add.at(votes, (np.arange(len(rows))[:, None], labels[nearest]), strength)
        right[rows] = votes.argmax(axis=1) == labels[rows]
    return float(np.average(right, weights=weights))


def neighbours(labels: np.ndarray) -> int:
    """How many neighbours are asked, given the class sizes."""
    counts = np.bincount(labels)
    middle = float(np.median(counts[counts > 0]))
    return int(np.clip(round(middle**0.5), 1, min(MOST_NEIGHBOURS, len(labels) - 1)))


SCORE = Score(function=knn, needs=("features", "labels"), low="0", high="1", imbalance="option")
