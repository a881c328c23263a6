"""Oracles: the overlap of two densities integrated numerically, and a double loop over classes with full matrices."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from transferkit.ops.scores.gbc import gbc


def problem(sizes=(12, 7, 9), d=5, seed=0, apart=1.0):
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return generator.normal(size=(len(sizes), d))[labels] * apart + generator.normal(size=(len(labels), d)), labels


def gaussians(items, labels):
    """Mean and variances (k,) of each class, the imagined item among them."""
    means = np.stack([items[labels == c].mean(axis=0) for c in np.unique(labels)])
    squares = np.square(items - means[labels])
    within = squares.mean(axis=0)
    return [
        (means[c], (squares[labels == c].sum(axis=0) + within) / ((labels == c).sum() + 1)) for c in np.unique(labels)
    ]


def test_one_feature_scores_the_overlap_of_the_densities():
    features, labels = problem((10, 6), d=1)
    (m, v), (n, w) = gaussians(features, labels)

    def both(x):
        return np.sqrt(norm.pdf(x, m[0], v[0] ** 0.5) * norm.pdf(x, n[0], w[0] ** 0.5))

    assert gbc(features, labels) == pytest.approx(-2 * quad(both, -20, 20)[0], rel=1e-6)


@pytest.mark.parametrize("dimensions", [2, 64])
@pytest.mark.parametrize("d", [5, 40])
def test_score_is_the_sum_over_pairs_of_classes(d, dimensions):
    features, labels = problem(d=d)
    centred = features - features.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][: min(dimensions, d, len(labels) - 1)]
    total = 0.0
    classes = gaussians(centred @ axes.T, labels)
    for i, (m, v) in enumerate(classes):
        for j, (n, w) in enumerate(classes):
            if i != j:
                middle = np.diag((v + w) / 2)
                apart = (m - n) @ np.linalg.inv(middle) @ (m - n) / 8
                spread = np.log(np.linalg.det(middle) / np.sqrt(np.prod(v) * np.prod(w))) / 2
                total -= np.exp(-apart - spread)
    assert gbc(features, labels, dimensions=dimensions) == pytest.approx(total, rel=1e-6)


def test_classes_that_are_all_alike_overlap_wholly():
    features = np.tile(np.random.default_rng(0).normal(size=(8, 3)), (3, 1))
    assert gbc(features, np.repeat([0, 1, 2], 8)) == pytest.approx(-6)


def test_a_class_of_one_item_has_a_spread_too():
    assert -2 <= gbc(*problem((6, 1), apart=0.1)) < 0
    assert gbc(*problem((1, 1), apart=5)) == pytest.approx(0)
