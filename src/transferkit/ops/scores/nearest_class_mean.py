"""Nearest class mean: the share of items that lie nearest to the mean of their own class; every item left out once,
exactly.

Mensink, Verbeek, Perronnin & Csurka 2013, doi:10.1109/TPAMI.2013.83; the rule of prototypical networks (Snell et al.
2017, arXiv:1703.05175). Without item i its class mean lies (n_c / (n_c - 1)) (x_i - m_c) from it. Differs from both:
distances are freed of their bias. A mean of k items lies v / k further off than the true one, v the variance of items
within classes, which in many dimensions decides for the larger class, and against the item's own, one short; so each
distance is

    |x_i - m_c|^2 - v / k,     v = sum |x - m|^2 / (n - C), both of the items but i

Cost O(n d C). Bounds 0 to 1. An item alone in its class counts as wrong. Blind to correlated features and to the unit
of each; classes of several clumps look bad to it. A class weighs as its share of the items; say `balanced` for the mean
over classes.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.principal_axes import PrincipalAxes
from transferkit.ops.scores.discriminant import class_means
from transferkit.ops.scores.inputs import balancing_weights, checked_labels, principal_axes
from transferkit.ops.scores.score import Score


def nearest_class_mean(features: np.ndarray | PrincipalAxes, labels: np.ndarray, *, balanced: bool = False) -> float:
    """Leave-one-out accuracy of the nearest class mean for features (n, d) and class numbers (n,).

    >>> points = np.array([[0.0], [0.1], [0.2], [1.0], [1.1], [1.2]])
    >>> nearest_class_mean(points, np.array([0, 0, 0, 1, 1, 1]))
    1.0
    """
    axes = principal_axes(features)
    items, n = axes.coordinates, len(axes)
    labels = checked_labels(labels, n)
    weights = balancing_weights(labels) if balanced else np.ones(n)
    labels = np.unique(labels, return_inverse=True)[1]
    counts, means = class_means(items, labels)
    others = np.maximum(counts[labels] - 1.0, 1.0)  # where 1 is wrong, the item is counted as wrong below
    inside = np.square(items - means[labels]).sum(axis=1)  # (n,)
    freedom = max(n - 1 - len(counts), 1)
    variance = np.maximum(inside.sum() - counts[labels] / others * inside, 0.0) / freedom  # (n,) without item i

    distances = (
        np.square(means).sum(axis=1) - 2 * items @ means.T + axes.distances[:, None] - variance[:, None] / counts
    )
    distances[np.arange(n), labels] = np.square(counts[labels] / others) * inside - variance / others  # (n, C)
    right = (distances.argmin(axis=1) == labels) & (counts[labels] > 1)
    return float(np.average(right, weights=weights))


SCORE = Score(function=nearest_class_mean, needs=("axes", "labels"), low="0", high="1", imbalance="option")
