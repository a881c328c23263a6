"""PARC: do items of one class lie closer together than others, pair by pair?

Bolya, Mittapalli & Hoffman 2021, arXiv:2111.06977. Features are reduced to their 32 leading principal axes, each
brought to variance 1; PARC is Spearman's rank correlation, over all pairs of items, of how different the features are
with whether the labels are. Differs from the released code (which gives 100 times as much): differences are 1 - cosine
about the mean item, where there it is 1 - Pearson's correlation across the axes of each item, which changes with the
arbitrary signs of the axes. And at most a quarter as many axes are kept as there are items: n - 1 axes of variance 1
put all pairs at the same angle.

Cost O(n^2 (k + ln n)); so, of more than `MOST_ITEMS` items that many are taken, evenly from every class; the standard
error this brings was below 0.003 in simulation. Bounds -1 to 1; with p the share of pairs in one class no more than
sqrt(3 p (1 - p)), so comparable on the same labels only. Fails where the leading axes are not those that tell the
classes. A pair counts as any other, so large classes count for more than their share.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.principal_axes import PrincipalAxes
from transferkit.ops.scores.evenly import evenly
from transferkit.ops.scores.inputs import checked_labels, principal_axes
from transferkit.ops.scores.score import Score

DIMENSIONS = 32
ITEMS_A_DIMENSION = 4
MOST_ITEMS = 2000


def parc(features: np.ndarray | PrincipalAxes, labels: np.ndarray, *, dimensions: int = DIMENSIONS) -> float:
    """PARC of features (n, d) for class numbers (n,); higher is better.

    >>> points = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    >>> parc(points, np.array([0, 0, 1, 1])) > parc(points, np.array([0, 1, 0, 1]))
    True
    """
    axes = principal_axes(features)
    n = len(axes)
    labels = checked_labels(labels, n)
    kept = evenly(labels, MOST_ITEMS)
    leading = max(min(dimensions, n // ITEMS_A_DIMENSION), 1)
    items = (axes.coordinates[:, -leading:] / np.sqrt(axes.squares[-leading:]))[kept]  # (n, k)
    lengths = np.linalg.norm(items, axis=1, keepdims=True)
    directions = items / np.where(lengths > 0, lengths, 1.0)
    pairs = np.triu_indices(len(kept), 1)
    closeness = (directions @ directions.T)[pairs]
    same = (labels[kept][:, None] == labels[kept])[pairs]
    if same.all() or not same.any() or not np.ptp(closeness):
        return 0.0  # nothing to tell apart
    return float(np.corrcoef(_midranks(closeness), same)[0, 1])


def _midranks(values: np.ndarray) -> np.ndarray:
    """(m,) places 1 to m, equals sharing the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: np.ndarray = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return ranks


SCORE = Score(function=parc, needs=("axes", "labels"), low="-1", high="1", imbalance="share")
