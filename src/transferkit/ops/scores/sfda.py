"""SFDA: how surely a linear discriminant tells the classes apart, after hard items were made harder.

Shao, Zhao, Ge, Zhang, Yang, Wang, Shan & Luo 2022, arXiv:2207.03036. A shrunk linear discriminant gives every item's
probability p of its own class; the items are then drawn towards the other classes by what is lacking,

    x_i' = q_i x_i + (1 - q_i) mean of the other classes' means,     q = softmax of the probabilities, at the own class

as fine-tuning will have to pull them apart, and a discriminant fitted to x' with the same shrinkage gives the score:
the mean probability of the own class. As in the released code it is that mean and not the paper's mean logarithm, which
one sure mistake sends to minus infinity. Differs from both: the shrinkage is Ledoit & Wolf's. Theirs, exp(-5 largest
eigenvalue of the within-class covariance), hangs on the unit of the features and is nil (1e-10) for ordinary networks,
so that with n <= d every source scores 1; `share` takes it where it is wanted.

Cost O(n r^2 + n r C), r = min(n, d). Bounds 0 to 1. Judges items it was fitted to: with few items every source scores
near 1, on any labels, and `lda` says more. A class weighs as its share of the items; say `balanced`, and priors are
equal and the score is the mean over classes.
"""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from transferkit.ops.principal_axes import PrincipalAxes
from transferkit.ops.scores.discriminant import Discriminant, class_means
from transferkit.ops.scores.inputs import balancing_weights, checked_labels, principal_axes
from transferkit.ops.scores.score import Score


def sfda(
    features: np.ndarray | PrincipalAxes, labels: np.ndarray, *, balanced: bool = False, share: float | None = None
) -> float:
    """SFDA of features (n, d) for class numbers (n,); higher is better.

    `share`, 0 to 1, is how far to shrink, in place of Ledoit & Wolf's.

    >>> points = np.array([[0.0], [0.1], [0.2], [1.0], [1.1], [1.2]])
    >>> 0.9 < sfda(points, np.array([0, 0, 0, 1, 1, 1])) < 1
    True
    """
    axes = principal_axes(features)
    n, d = axes.table.shape
    labels = checked_labels(labels, n)
    weights = balancing_weights(labels) if balanced else np.ones(n)
    labels = np.unique(labels, return_inverse=True)[1]
    items = axes.coordinates
    first = Discriminant.of(items, labels, d, share)
    means = class_means(items, labels)[1]
    others = (means.sum(axis=0) - means) / (len(means) - 1)  # (C, r)
    sure = softmax(_probabilities(first, balanced), axis=1)[np.arange(n), labels, None]
    mixed = sure * items + (1 - sure) * others[labels]
    second = Discriminant.of(mixed, labels, d, first.share)
    return float(np.average(_probabilities(second, balanced)[np.arange(n), labels], weights=weights))


def _probabilities(found: Discriminant, balanced: bool) -> np.ndarray:
    """(n, C) of each class, for the items the discriminant was fitted to."""
    chances: np.ndarray = softmax(found.log_priors(balanced) - found.distances() / 2, axis=1)
    return chances


SCORE = Score(function=sfda, needs=("axes", "labels"), low="0", high="1", imbalance="option")
