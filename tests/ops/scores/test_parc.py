"""Oracles: scipy's rank correlation over pairs written out, and values of the released code."""

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr
from sklearn.datasets import load_digits

from transferkit.ops.scores import parc as module
from transferkit.ops.scores.parc import _midranks, parc


def problem(n=30, d=12, n_classes=3, seed=0):
    generator = np.random.default_rng(seed)
    labels = np.arange(n) % n_classes
    return generator.normal(size=(n_classes, d))[labels] + generator.normal(size=(n, d)), labels


def direct(features, labels, k):
    centred = features - features.mean(axis=0)
    items = np.linalg.svd(centred, full_matrices=False)[0][:, :k]
    apart, different = [], []
    for i in range(len(labels)):
        for j in range(i):
            apart.append(1 - items[i] @ items[j] / np.linalg.norm(items[i]) / np.linalg.norm(items[j]))
            different.append(labels[i] != labels[j])
    return spearmanr(apart, different).statistic


@pytest.mark.parametrize(("n", "d", "k"), [(30, 12, 7), (60, 5, 5), (20, 90, 5)])
def test_score_is_scipys_rank_correlation_over_pairs(n, d, k):
    features, labels = problem(n, d)
    assert parc(features, labels) == pytest.approx(direct(features, labels, k), rel=1e-9)


def test_score_is_near_that_of_the_released_code():
    """dbolya/parc at ddfca43a84, methods.py with 32 dimensions, run on these numbers; its angles hang on the axes' signs."""
    features, labels = load_digits(return_X_y=True)
    assert parc(features[:600] / 16, labels[:600]) == pytest.approx(0.27000197214871713, abs=0.01)


def test_equals_share_the_mean_of_their_places():
    values = np.random.default_rng(0).integers(0, 5, 40)
    np.testing.assert_array_equal(_midranks(values), rankdata(values))


def test_taking_some_of_the_items_changes_little(monkeypatch):
    features, labels = problem(1200)
    whole = parc(features, labels)
    monkeypatch.setattr(module, "MOST_ITEMS", 600)
    assert parc(features, labels) == pytest.approx(whole, abs=0.04)


@pytest.mark.parametrize("n", [8, 16, 40])
def test_few_items_of_many_features_still_hear_the_classes(n):
    generator = np.random.default_rng(0)
    labels = np.arange(n) % 2
    features = generator.normal(size=(n, 300)) + 3 * generator.normal(size=(2, 300))[labels]
    shuffled = [parc(features, generator.permutation(labels)) for _ in range(9)]
    assert parc(features, labels) > 0.2 + np.mean(shuffled)


def test_labels_that_are_all_different_tell_nothing():
    assert parc(problem()[0], np.arange(30)) == 0
