"""Oracle: scikit-learn's neighbours, fitted without each item."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

from transferkit.ops.scores import knn as module
from transferkit.ops.scores.knn import knn, neighbours


def problem(per_class, n_classes=3, d=5, seed=0):
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_classes), per_class)
    return generator.normal(size=(n_classes, d))[labels] + generator.normal(size=(len(labels), d)), labels


def brute_force(features, labels, k):
    right = []
    for i in range(len(labels)):
        others = np.arange(len(labels)) != i
        # scikit-learn gives the distance 1 - cosine
        model = KNeighborsClassifier(k, metric="cosine", algorithm="brute", weights=lambda distance: 2 - distance)
        right.append(model.fit(features[others], labels[others]).predict(features[[i]])[0] == labels[i])
    return np.mean(right)


@pytest.mark.parametrize("per_class", [2, 10, 30])
@pytest.mark.parametrize("k", [None, 1, 3])
def test_score_is_scikit_learns_without_each_item(per_class, k):
    features, labels = problem(per_class)
    assert knn(features, labels, k=k) == brute_force(features, labels, k or neighbours(labels))


def test_blocks_do_not_change_the_score(monkeypatch):
    features, labels = problem(20)
    whole = knn(features, labels)
    monkeypatch.setattr(module, "BLOCK", 7)
    assert knn(features, labels) == whole


@pytest.mark.parametrize(("sizes", "k"), [((1, 1), 1), ((3, 3, 3), 2), ((50, 50), 7), ((1000, 1000), 20)])
def test_number_of_neighbours_follows_the_labels_per_class(sizes, k):
    assert neighbours(np.repeat(np.arange(len(sizes)), sizes)) == k


@given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 100))
@settings(max_examples=20, deadline=None)
def test_unit_rotation_and_order_of_the_features_do_not_matter(scale, seed):
    features, labels = problem(6, seed=seed)
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(5, 5)))[0]
    assert knn((features @ rotation)[:, ::-1] * scale, labels) == knn(features, labels)


def test_balanced_is_the_mean_over_classes_and_hears_the_rare_one():
    generator = np.random.default_rng(0)
    labels = np.array([0] * 90 + [1] * 10)
    features = generator.normal(size=(100, 3)) + np.eye(3)[labels] * 1.5
    always_first = np.mean([0.9 > 0.5, 0.0])
    assert knn(features, labels, balanced=True) > always_first + 0.1


def test_an_item_without_direction_is_an_item_like_any_other():
    features, labels = problem(5)
    features[0] = 0
    assert 0 <= knn(features, labels) <= 1


@pytest.mark.parametrize("k", [0, 15])
def test_more_neighbours_than_items_are_refused(k):
    with pytest.raises(ValueError, match="from 1 to 14 with 15 items"):
        knn(*problem(5), k=k)
