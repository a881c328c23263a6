"""H-score: how much of the features' variation is variation between classes.

Bao et al. 2019 (arXiv:2212.10082), H = tr(S^-1 B), with S the covariance of the features and B that of the class means.
With fewer items than features S has no inverse, and a pseudo-inverse gives C - 1 whatever the features; so, after
Ibrahim, Ponomareva & Mazumder 2022 (arXiv:2110.06893), S is shrunk and B with it,

    H = tr( ((1 - a) S + a mu I)^-1 (1 - a) B ),     mu = tr S / d

with a of Ledoit & Wolf (2004). Differs in how it is computed: along the principal axes where these are shared, otherwise by
a Cholesky factor of the smaller side, and with |x|^4 in place of the d x d table of products in a, so that no d x d matrix
is formed where n < d.

Cost O(n d min(n, d)), and O(n d) beside the axes. Bounds 0 <= H <= C - 1. Looks at class means and one common covariance
only: classes that are separable but share their mean count nothing. With few items noise still scores well above 0 (30
items of 512 numbers in 3 classes: 1.1 of 2). A class weighs as its share of the items.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from transferkit.ops.principal_axes import PrincipalAxes, Products, summed
from transferkit.ops.scores.inputs import checked_items, checked_labels, sparse_one_hot
from transferkit.ops.scores.score import Score
from transferkit.ops.shrinkage import shrinkage

LEAST_SHARE = 1e-6
"""Of mu I in S: below, S may be singular but for rounding, and only its axes tell what is there."""


def h_score(features: np.ndarray | PrincipalAxes, labels: np.ndarray) -> float:
    """Shrinkage H-score of features (n, d) for class numbers (n,); higher is better, at most C - 1.

    >>> points = np.array([[0.0], [0.1], [0.2], [1.0], [1.1], [1.2]])
    >>> 0.9 < h_score(points, np.array([0, 0, 0, 1, 1, 1])) < 1
    True
    """
    features = checked_items(features)
    labels = np.unique(checked_labels(labels, len(features)), return_inverse=True)[1]
    if isinstance(features, PrincipalAxes):
        return _along_axes(features, labels)
    given = Products.of(features)
    n, d = features.shape
    share = shrinkage(given.distances, float(np.square(given.products).sum()) / n**2, d)
    if share < LEAST_SHARE:
        return _along_axes(PrincipalAxes.of(features), labels)
    return _by_cholesky(given, labels, share)


def _along_axes(axes: PrincipalAxes, labels: np.ndarray) -> float:
    """From axes that are there; labels (n,) have no gaps."""
    n, d = axes.table.shape
    variances = axes.squares / n
    share = shrinkage(axes.distances, float(np.square(variances).sum()), d)
    sums = axes.sums(sparse_one_hot(labels))  # (r, C)
    between = (np.square(sums) / (n * np.bincount(labels))).sum(axis=1)  # (r,) B's diagonal
    # Off the axes B is 0 as well as S, so the sum over the axes is the whole trace.
    return (1 - share) * float((between / ((1 - share) * variances + share * float(variances.sum()) / d)).sum())


def _by_cholesky(given: Products, labels: np.ndarray, share: float) -> float:
    """Without any axes, on the smaller side: X (a X'X + b I)^-1 X' = (a XX' + b I)^-1 XX'."""
    n, d = given.table.shape
    classes = sparse_one_hot(labels)
    shrunk = given.products * ((1 - share) / n)
    shrunk.flat[:: len(shrunk) + 1] += share * float(given.distances.mean()) / d
    if n > d:
        left = right = summed(given.table, given.mean, classes).T  # (d, C)
    else:
        left, right = classes.toarray(), (classes.T @ given.products).T  # (n, C)
    solved = linalg.solve(shrunk, right, assume_a="pos", overwrite_a=True, check_finite=False)
    return (1 - share) * float(((left * solved).sum(axis=0) / (n * np.bincount(labels))).sum())


SCORE = Score(function=h_score, needs=("axes", "labels"), low="0", high="C - 1", imbalance="share")
