"""Oracle: class means and the variance within classes computed anew without each item."""

import numpy as np
import pytest
from sklearn.neighbors import NearestCentroid

from transferkit.ops.scores.nearest_class_mean import nearest_class_mean


def problem(sizes=(12, 7, 9), d=6, seed=0, apart=1.0):
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    return generator.normal(size=(len(sizes), d))[labels] * apart + generator.normal(size=(len(labels), d)), labels


def brute_force(features, labels):
    right = []
    for i in range(len(labels)):
        x, y = np.delete(features, i, axis=0), np.delete(labels, i)
        classes = np.unique(y)
        means = np.stack([x[y == c].mean(axis=0) for c in classes])
        inside = np.square(x - means[np.searchsorted(classes, y)]).sum()
        variance = inside / max(len(y) - len(np.unique(labels)), 1)
        distances = [
            np.square(features[i] - m).sum() - variance / (y == c).sum() for c, m in zip(classes, means, strict=True)
        ]
        right.append(classes[np.argmin(distances)] == labels[i])
    return np.array(right)


@pytest.mark.parametrize("sizes", [(12, 7, 9), (2, 2, 2), (30, 3), (4, 1, 5)])
@pytest.mark.parametrize("d", [3, 40])
@pytest.mark.parametrize("seed", [0, 1])
def test_score_is_that_of_leaving_each_item_out(sizes, d, seed):
    features, labels = problem(sizes, d, seed)
    right = brute_force(features, labels)
    assert nearest_class_mean(features, labels) == pytest.approx(right.mean())
    by_class = np.mean([right[labels == c].mean() for c in np.unique(labels)])
    assert nearest_class_mean(features, labels, balanced=True) == pytest.approx(by_class)


def test_many_items_score_as_scikit_learns_nearest_centroid():
    features, labels = problem((400, 400, 400), d=3)
    fitted = NearestCentroid().fit(features, labels).score(features, labels)
    assert nearest_class_mean(features, labels) == pytest.approx(fitted, abs=0.01)


@pytest.mark.parametrize("sizes", [(5, 5), (10, 3), (20, 4, 4)])
def test_features_without_information_score_as_guessing_does(sizes):
    chance = 1 / len(sizes)
    scores = [nearest_class_mean(*problem(sizes, 300, seed, 0.0), balanced=True) for seed in range(60)]
    assert np.mean(scores) == pytest.approx(chance, abs=0.06)


def test_an_item_alone_in_its_class_counts_as_wrong():
    features, labels = problem((1, 1, 1), apart=10)
    assert nearest_class_mean(features, labels) == 0
