"""GBC: how little the classes overlap, each taken as one Gaussian.

Pandy, Agostinelli, Uijlings, Ferrari & Mensink 2022, arXiv:2111.12780. With m and v (k,) the mean and the variances of
each class along the leading k = 64 principal axes, and V = (v_i + v_j) / 2,

    B_ij = 1/8 sum (m_i - m_j)^2 / V + 1/2 sum ln(V / sqrt(v_i v_j)),     GBC = - sum over i != j of exp(-B_ij)

Differs from the paper: the variances of a class are those of its items and of one imagined item that varies as items do
within all classes, so that a class of one item has some.

Cost O(n k + C^2 k) along the axes. Bounds -C (C - 1) <= GBC <= 0: a sum over pairs of classes, comparable on the same
labels only. Fails with few items a class: variances of five items differ so much by chance that no two classes seem to
overlap, on any labels. A class counts as much as any other, however rare.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.principal_axes import PrincipalAxes
from transferkit.ops.scores.discriminant import class_means
from transferkit.ops.scores.inputs import checked_labels, principal_axes
from transferkit.ops.scores.score import Score

DIMENSIONS = 64
LEAST_SPREAD = 1e-6
"""Variance within classes, of the variance of all items along the same axis."""


def gbc(features: np.ndarray | PrincipalAxes, labels: np.ndarray, *, dimensions: int = DIMENSIONS) -> float:
    """Gaussian Bhattacharyya coefficient of features (n, d) for class numbers (n,); higher is better, at most 0.

    >>> points = np.array([[0.0], [0.1], [0.2], [1.0], [1.1], [1.2]])
    >>> -0.1 < gbc(points, np.array([0, 0, 0, 1, 1, 1])) < 0
    True
    """
    axes = principal_axes(features)
    labels = checked_labels(labels, len(axes))
    labels = np.unique(labels, return_inverse=True)[1]
    items = axes.coordinates[:, -dimensions:]  # (n, k)
    counts, means = class_means(items, labels)
    squares = np.square(items - means[labels])
    within = np.maximum(squares.mean(axis=0), LEAST_SPREAD * np.square(items).mean(axis=0))
    sums = class_means(squares, labels)[1] * counts[:, None]
    variances = (sums + within) / (counts[:, None] + 1)  # (C, k)
    overlap = sum(_coefficients(means[i], variances[i], means[:i], variances[:i]).sum() for i in range(1, len(means)))
    return -2 * float(overlap)


def _coefficients(mean: np.ndarray, variance: np.ndarray, means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """(C,) Bhattacharyya coefficients of one diagonal Gaussian (k,) with each of others (C, k)."""
    middle = (variance + variances) / 2
    apart = np.square(mean - means) / middle / 8
    spread = np.log(middle) / 2 - (np.log(variance) + np.log(variances)) / 4
    coefficients: np.ndarray = np.exp(-(apart + spread).sum(axis=1))
    return coefficients


SCORE = Score(function=gbc, needs=("axes", "labels"), low="-C (C - 1)", high="0", imbalance="equal")
