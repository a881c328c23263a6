"""Oracle: the covariance and the means computed anew, in all features, without each item."""

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import ledoit_wolf_shrinkage
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from transferkit.ops.principal_axes import PrincipalAxes
from transferkit.ops.scores.discriminant import Discriminant
from transferkit.ops.scores.lda import lda, left_out_distances


def problem(sizes=(12, 7, 9), d=6, seed=0, apart=1.0):
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    spread = generator.uniform(0.2, 2, d)
    features = generator.normal(size=(len(sizes), d))[labels] * apart + generator.normal(size=(len(labels), d))
    return features * spread, labels


def brute_force(features, labels):
    """(n, C) distances before and after their bias is taken off."""
    n, d = features.shape
    classes, counts = np.unique(labels, return_counts=True)
    inside = features - np.stack([features[labels == c].mean(axis=0) for c in labels])
    share = ledoit_wolf_shrinkage(inside, assume_centered=True)
    ridge = share * np.square(inside).sum() / (n * d)
    raw = np.full((n, len(classes)), np.inf)
    for i in range(n):
        x, y = np.delete(features, i, axis=0), np.delete(labels, i)
        scatter = np.zeros((d, d))
        for c in classes[counts > (classes == labels[i])]:
            scatter += (x[y == c] - x[y == c].mean(axis=0)).T @ (x[y == c] - x[y == c].mean(axis=0))
        inverse = np.linalg.inv((1 - share) * scatter / n + ridge * np.eye(d))
        for c in classes[counts > (classes == labels[i])]:
            raw[i, c] = mahalanobis(features[i], x[y == c].mean(axis=0), inverse) ** 2
    freed = raw.copy()
    sizes = counts - np.eye(len(classes))[labels]  # (n, C) without the item
    paired = np.flatnonzero(counts[labels] > 1)
    for i in range(n):
        own = [raw[j, labels[j]] * (counts[labels[j]] - 1) / counts[labels[j]] for j in paired if j != i]
        freed[i] -= np.mean(own) / np.maximum(sizes[i], 1)
    return freed


@pytest.mark.parametrize("sizes", [(12, 7, 9), (2, 3, 2), (30, 3), (4, 1, 5)])
@pytest.mark.parametrize("d", [3, 40])
def test_distances_are_those_of_leaving_each_item_out(sizes, d):
    features, labels = problem(sizes, d)
    found = Discriminant.of(PrincipalAxes.of(features).coordinates, labels, d)
    np.testing.assert_allclose(left_out_distances(found), brute_force(features, labels), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("balanced", [False, True])
def test_score_is_the_share_of_the_items_whose_own_class_is_the_likeliest(balanced):
    features, labels = problem((20, 7, 9), apart=0.7)
    counts = np.bincount(labels)
    priors = np.log([1 / 3] * 3 if balanced else counts / counts.sum())
    right = (priors - brute_force(features, labels) / 2).argmax(axis=1) == labels
    weights = 1 / counts[labels] if balanced else None
    assert lda(features, labels, balanced=balanced) == pytest.approx(np.average(right, weights=weights))


def test_many_items_score_as_scikit_learns_fitted_to_them():
    features, labels = problem((400, 300, 200), d=3)
    fitted = LinearDiscriminantAnalysis().fit(features, labels).score(features, labels)
    assert lda(features, labels) == pytest.approx(fitted, abs=0.01)


@pytest.mark.parametrize("sizes", [(5, 5), (10, 3), (20, 4, 4)])
def test_features_without_information_score_as_guessing_does(sizes):
    scores = [lda(*problem(sizes, 300, seed, 0.0), balanced=True) for seed in range(60)]
    assert np.mean(scores) == pytest.approx(1 / len(sizes), abs=0.06)


def test_an_item_alone_in_its_class_counts_as_wrong():
    assert lda(*problem((1, 1, 1), apart=10)) == 0
