"""H-score: how much of the features' variation is variation between classes.

Bao et al. 2019 (arXiv:2212.10082), H = tr(S^-1 B), with S the covariance of the features and B that of the class means.
With fewer items than features S has no inverse, and a pseudo-inverse gives C - 1 whatever the features; so, after
Ibrahim, Ponomareva & Mazumder 2022 (arXiv:2110.06893), S is shrunk and B with it,

    H = tr( ((1 - a) S + a mu I)^-1 (1 - a) B ),     mu = tr S / d

with a of Ledoit & Wolf (2004). Differs in how it is computed: along the principal axes of the items, and with |x|^4 in
place of the d x d table of products in a, so that no d x d matrix is formed where n < d.

Cost O(n d min(n, d)). Bounds 0 <= H <= C - 1. Looks at class means and one common covariance only: classes that are
separable but share their mean count nothing. With few items noise still scores well above 0 (30 items of 512 numbers in
3 classes: 1.1 of 2). A class weighs as its share of the items.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.principal_axes import principal_axes
from transferkit.ops.scores.inputs import checked_features, checked_labels


def h_score(features: np.ndarray, labels: np.ndarray) -> float:
    """Shrinkage H-score of features (n, d) for class numbers (n,); higher is better, at most C - 1.

    >>> points = np.array([[0.0], [0.1], [0.2], [1.0], [1.1], [1.2]])
    >>> 0.9 < h_score(points, np.array([0, 0, 0, 1, 1, 1])) < 1
    True
    """
    features = checked_features(features)
    labels = checked_labels(labels, len(features))
    n, d = features.shape
    centred = features - features.mean(axis=0)
    coordinates, squares = principal_axes(centred)
    variances = squares / n
    mu = float(variances.sum()) / d
    shrinkage = _shrinkage(centred, variances, mu)

    counts = np.bincount(labels)
    sums = np.zeros((len(counts), coordinates.shape[1]))
    np.add.at(sums, labels, coordinates)
    between = np.square(sums[counts > 0]) / (n * counts[counts > 0, None])  # (C, r): sum over C is B's diagonal
    # Off the axes B is 0 as well as S, so the sum over the axes is the whole trace.
    shrunk = (1 - shrinkage) * variances + shrinkage * mu
    seen = variances > 0
    ratios = between.sum(axis=0)[seen] / shrunk[seen]
    return (1 - shrinkage) * float(ratios.sum())


def _shrinkage(centred: np.ndarray, variances: np.ndarray, mu: float) -> float:
    """Ledoit & Wolf's share of mu I, 0 to 1, for items (n, d) with these eigenvalues of their covariance."""
    n, d = centred.shape
    square = float(np.square(variances).sum())  # |S|^2
    distance = square - d * mu**2
    noise = (float(np.square(np.square(centred).sum(axis=1)).mean()) - square) / n
    if noise <= 0 or distance <= 1e-12 * square:  # S is mu I already
        return 0.0
    return float(min(noise / distance, 1.0))
