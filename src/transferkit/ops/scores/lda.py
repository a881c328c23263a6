"""LDA: what linear discriminant analysis gets right on items it has not seen; every item left out once, exactly.

Fisher 1936; the leave-one-out form after Lachenbruch & Mickey 1968. Item i belongs to the class of the largest

    ln P(c) - 1/2 (x_i - m_c)' S^-1 (x_i - m_c)

with class means m and a common covariance S, shrunk as `discriminant.py` says, of all items but i. Leaving item i of
class c out moves m_c by u / (n_c - 1), u = x_i - m_c, and takes n_c / (n_c - 1) u u' from the scatter, so with g = u'
A^-1 u, A the covariance before, and b = (1 - a) n_c / ((n_c - 1) n), Sherman & Morrison give all n refits in one go:

    own class:    (n_c / (n_c - 1))^2 g / (1 - b g)
    any other:    D + b h^2 / (1 - b g),     D = |x_i - m|^2 and h = u'(x_i - m), both in the metric of A

How much to shrink (a, mu and n in S) and the classes' shares P are those of all items, as a stratified split knows
them. Differs from the textbook: distances are freed of their bias, as in `nearest_class_mean`. The mean of k items lies
t / k further off than the true one, with t the squared distance of an item from its true class mean, taken from the
other items' own classes; in many dimensions this alone would put every item of a small class in another.

Cost O(n r^2 + n r C), r = min(n, d). Bounds 0 to 1. An item alone in its class counts as wrong. Fails where classes
differ in spread and not in mean; with few items the shrunk covariance is all but the identity, and this all but
`nearest_class_mean`. A class weighs as its share of the items; say `balanced`, and priors are equal and the score is
the mean over classes.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.principal_axes import PrincipalAxes
from transferkit.ops.scores.discriminant import Discriminant
from transferkit.ops.scores.inputs import balancing_weights, checked_labels, principal_axes
from transferkit.ops.scores.score import Score


def lda(
    features: np.ndarray | PrincipalAxes, labels: np.ndarray, *, balanced: bool = False, share: float | None = None
) -> float:
    """Leave-one-out accuracy of shrunk linear discriminant analysis for features (n, d) and class numbers (n,).

    `share`, 0 to 1, is how far to shrink, in place of Ledoit & Wolf's.

    >>> points = np.array([[0.0], [0.1], [0.2], [1.0], [1.1], [1.2]])
    >>> lda(points, np.array([0, 0, 0, 1, 1, 1]))
    1.0
    """
    axes = principal_axes(features)
    n, d = axes.table.shape
    labels = checked_labels(labels, n)
    weights = balancing_weights(labels) if balanced else np.ones(n)
    labels = np.unique(labels, return_inverse=True)[1]
    found = Discriminant.of(axes.coordinates, labels, d, share)
    right = (found.log_priors(balanced) - left_out_distances(found) / 2).argmax(axis=1) == labels
    right &= found.counts[labels] > 1
    return float(np.average(right, weights=weights))


def left_out_distances(found: Discriminant) -> np.ndarray:
    """(n, C) squared Mahalanobis distance of each item from the true class means, as the other items tell.

    Where an item is alone in its class, that class is at an infinite distance. An estimate may be below 0.
    """
    n, labels = len(found.labels), found.labels
    own = found.items - found.means[labels]  # (n, r)
    g = np.einsum("nr,nr->n", own, own)
    h = np.einsum("nr,nr->n", own, found.items)[:, None] - own @ found.means.T  # (n, C)
    others = found.counts[labels] - 1.0
    paired = others > 0
    grown = np.divide(found.counts[labels], others, out=np.zeros(n), where=paired)  # n_c / (n_c - 1)
    b = (1 - found.share) * grown / n
    kept = 1 - b * g  # above 0: what is left of the scatter is positive definite
    spread = grown * g / kept  # (n,) unbiased for t
    t = (spread.sum() - spread) / np.maximum(paired.sum() - paired, 1)
    distances: np.ndarray = found.distances() + (b / kept)[:, None] * np.square(h) - t[:, None] / found.counts
    distances[np.arange(n), labels] = np.where(paired, grown * spread - t / np.maximum(others, 1), np.inf)
    return distances


SCORE = Score(function=lda, needs=("axes", "labels"), low="0", high="1", imbalance="option")
