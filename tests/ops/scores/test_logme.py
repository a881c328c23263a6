"""Oracles: the normal density itself, maximised by scipy; the paper's own iteration where it is right (n > d)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize

from transferkit.ops.scores.logme import logme, logme_numbers


def brute_force(features, targets):
    """The largest log density of N(0, I / beta + F F' / alpha), from several starts, per item."""
    n = len(features)
    gram = features @ features.T

    def loss(logs):
        alpha, beta = np.exp(np.clip(logs, -25, 25))
        return -stats.multivariate_normal.logpdf(targets, np.zeros(n), np.eye(n) / beta + gram / alpha) / n

    starts = [(a, b) for a in (-4, 0, 4) for b in (-1, 2, 5)]
    return -min(minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-8}).fun for start in starts)


def published(features, targets):
    """MacKay's fixed point as in the paper's algorithm 1, with d in place of the rank; right for n > d = rank."""
    n, d = features.shape
    alpha = beta = 1.0
    for _ in range(2000):
        precision = alpha * np.eye(d) + beta * features.T @ features
        mean = beta * np.linalg.solve(precision, features.T @ targets)
        error = np.square(features @ mean - targets).sum()
        eigenvalues = np.linalg.eigvalsh(features.T @ features)
        gamma = (beta * eigenvalues / (alpha + beta * eigenvalues)).sum()
        alpha, beta = gamma / (mean @ mean), (n - gamma) / error
    evidence = n * np.log(beta) + d * np.log(alpha) - n * np.log(2 * np.pi) - beta * error - alpha * mean @ mean
    return (evidence - np.linalg.slogdet(precision)[1]) / (2 * n)


def problem(shape, seed=0, noise=0.5):
    generator = np.random.default_rng(seed)
    features = generator.normal(size=shape)
    return features, features @ generator.normal(size=shape[1]) / shape[1] ** 0.5 + noise * generator.normal(
        size=shape[0]
    )


@pytest.mark.parametrize("shape", [(20, 3), (8, 8), (8, 25)])
@pytest.mark.parametrize("seed", [0, 1])
def test_evidence_is_the_largest_normal_density(shape, seed):
    features, targets = problem(shape, seed)
    assert logme_numbers(features, targets) == pytest.approx(brute_force(features, targets), abs=1e-5)


def test_evidence_is_right_where_the_features_have_a_lower_rank_than_columns():
    features, targets = problem((20, 3))
    wide = features @ np.random.default_rng(1).normal(size=(3, 30))
    assert logme_numbers(wide, targets) == pytest.approx(brute_force(wide, targets), abs=1e-5)


def test_columns_of_zeros_change_nothing():
    """As published it changes: the dropped -(D - k) / 2 ln alpha."""
    features, targets = problem((12, 4))
    padded = np.concatenate([features, np.zeros((12, 20))], axis=1)
    assert logme_numbers(padded, targets) == pytest.approx(logme_numbers(features, targets), abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_evidence_is_the_published_one_where_that_is_right(seed):
    features, targets = problem((60, 7), seed)
    assert logme_numbers(features, targets) == pytest.approx(published(features, targets), abs=1e-6)


def test_classes_are_the_mean_of_one_against_all():
    features, _ = problem((30, 4))
    labels = np.arange(30) % 3
    each = [logme_numbers(features, (labels == c).astype(float)) for c in range(3)]
    assert logme(features, labels) == pytest.approx(np.mean(each))
    assert logme(features, labels * 2) == pytest.approx(np.mean(each))  # a class without items has no say


@given(scale=st.floats(1e-3, 1e3), seed=st.integers(0, 100), shape=st.sampled_from([(12, 4), (6, 15)]))
@settings(max_examples=25, deadline=None)
def test_unit_rotation_and_order_of_the_features_do_not_matter(scale, seed, shape):
    features, _ = problem(shape, seed)
    labels = np.arange(shape[0]) % 2
    rotation = np.linalg.qr(np.random.default_rng(seed).normal(size=(shape[1], shape[1])))[0]
    changed = (features @ rotation)[:, ::-1] * scale
    assert logme(changed, labels) == pytest.approx(logme(features, labels), abs=1e-7)


def test_features_that_tell_the_labels_score_higher_than_noise():
    generator = np.random.default_rng(0)
    labels = np.arange(40) % 4
    telling = np.eye(4)[labels] @ generator.normal(size=(4, 100)) + 0.1 * generator.normal(size=(40, 100))
    assert logme(telling, labels) > logme(generator.normal(size=(40, 100)), labels) + 0.2


def test_labels_that_the_features_reproduce_exactly_have_a_finite_score():
    labels = np.arange(40) % 4
    score = logme(np.eye(4)[labels], labels)
    assert np.isfinite(score)
    assert score > logme(np.eye(4)[labels] + 0.1 * np.random.default_rng(0).normal(size=(40, 4)), labels)


def test_same_number_twice():
    features, _ = problem((10, 30))
    labels = np.arange(10) % 2
    assert logme(features, labels) == logme(features, labels)


def test_targets_without_anything_to_explain_are_refused():
    features, targets = problem((10, 3))
    with pytest.raises(ValueError, match="not all 0"):
        logme_numbers(features, targets * 0)
    with pytest.raises(ValueError, match="not all 0"):
        logme_numbers(features, targets * np.nan)
