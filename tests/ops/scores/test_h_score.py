"""Oracle: the d x d formula with scikit-learn's Ledoit-Wolf."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.covariance import LedoitWolf

from transferkit.ops.scores.h_score import h_score


def direct(features, labels):
    estimate = LedoitWolf().fit(features)
    centred = features - features.mean(axis=0)
    means = np.stack([centred[labels == label].mean(axis=0) for label in labels])  # each item's class mean
    between = (1 - estimate.shrinkage_) * means.T @ means / len(labels)
    return np.trace(np.linalg.solve(estimate.covariance_, between))


def problem(shape, n_classes, seed=0, apart=1.0):
    generator = np.random.default_rng(seed)
    labels = np.arange(shape[0]) % n_classes
    features = generator.normal(size=(n_classes, shape[1]))[labels] * apart + generator.normal(size=shape)
    return features * generator.uniform(0.1, 3, shape[1]) + 4, labels


@pytest.mark.parametrize(("shape", "n_classes"), [((60, 5), 3), ((12, 40), 3), ((30, 30), 2), ((200, 20), 10)])
@pytest.mark.parametrize("seed", [0, 1])
def test_score_is_that_of_the_direct_formula(shape, n_classes, seed):
    features, labels = problem(shape, n_classes, seed)
    assert h_score(features, labels) == pytest.approx(direct(features, labels), rel=1e-8)


def test_classes_of_unequal_size_weigh_as_their_share():
    features, labels = problem((50, 6), 2)
    keep = np.flatnonzero((labels == 0) | (np.arange(50) < 10))
    assert h_score(features[keep], labels[keep]) == pytest.approx(direct(features[keep], labels[keep]), rel=1e-8)


@given(seed=st.integers(0, 1000), n=st.integers(6, 25), d=st.integers(1, 30), apart=st.floats(0, 50))
@settings(max_examples=40, deadline=None)
def test_score_lies_between_0_and_one_less_than_the_classes(seed, n, d, apart):
    features, labels = problem((n, d), 3, seed, apart)
    assert -1e-9 <= h_score(features, labels) <= 2 + 1e-9


@given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 100))
@settings(max_examples=20, deadline=None)
def test_unit_origin_rotation_and_order_of_the_features_do_not_matter(scale, seed):
    features, labels = problem((12, 6), 3, seed)
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(6, 6)))[0]
    changed = (features @ rotation)[:, ::-1] * scale - scale
    assert h_score(changed, labels) == pytest.approx(h_score(features, labels), rel=1e-6)


def test_score_does_not_saturate_with_fewer_items_than_features():
    """With a pseudo-inverse both would score 2, the most there is."""
    generator = np.random.default_rng(0)
    labels = np.arange(12) % 3
    noise = generator.normal(size=(12, 200))
    telling = np.eye(3)[labels] @ generator.normal(size=(3, 200)) * 3 + noise
    assert h_score(noise, labels) < 1.7 < 1.9 < h_score(telling, labels)


def test_a_single_feature_needs_no_shrinkage():
    features, labels = problem((20, 1), 2)
    means = np.array([features[labels == c].mean() for c in (0, 1)])
    assert h_score(features, labels) == pytest.approx(means.var() / features.var())
