"""Oracles: the normal density itself, maximised by scipy; the paper's own iteration where it is right (n > d)."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import minimize

from transferkit.ops.scores.logme import logme, logme_numbers


def brute_force(features, targets):
    """The largest log density of N(0, I / beta + F F' / alpha) per item, turned so that its entries are independent."""
    turned, singular, _ = np.linalg.svd(features)
    squares = np.zeros(len(features))
    squares[: len(singular)] = singular**2
    entries = np.square(turned.T @ targets)

    def loss(logs):
        alpha, beta = (np.exp(np.clip(log, -30, 30)) for log in logs)
        variances = 1 / beta + np.multiply.outer(1 / alpha, squares)
        return (np.log(2 * np.pi * variances) + entries / variances).mean(axis=-1) / 2

    alphas, betas = np.linspace(-25, 25, 101), np.linspace(-10, 30, 81)
    losses = np.stack([loss((alphas, beta)) for beta in betas])  # (beta, alpha)
    best = losses.min(axis=0)
    valleys = [i for i in range(len(alphas)) if best[i] == best[max(i - 2, 0) : i + 3].min()]
    simplices = [np.add((alphas[i], betas[losses[:, i].argmin()]), [(0, 0), (0.25, 0), (0, 0.25)]) for i in valleys]
    options = {"xatol": 1e-9, "fatol": 1e-14, "maxiter": 2000}
    found = [
        minimize(loss, simplex[0], method="Nelder-Mead", options=options | {"initial_simplex": simplex})
        for simplex in simplices
    ]
    return -min(float(one.fun) for one in found)


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


@pytest.mark.parametrize("shape", [(20, 3), (8, 8), (8, 25), (9, 8), (8, 7)])
@pytest.mark.parametrize("origin", [0.0, 1.0, 30.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_evidence_is_the_largest_normal_density(shape, origin, seed):
    features, targets = problem(shape, seed)
    features = features + origin  # the mean is a direction of its own
    assert logme(features, targets) == pytest.approx(brute_force(features, targets), abs=1e-8)
    labels = np.arange(len(features)) % 3
    expected = np.mean([brute_force(features, (labels == c).astype(float)) for c in range(3)])
    assert logme(features, labels) == pytest.approx(expected, abs=1e-8)


def test_the_density_itself_is_the_normal_one():
    """Nothing turned: the full n x n covariance on a grid, nowhere above the evidence and close below it."""
    features, targets = problem((10, 30))
    features = features + 1.0
    gram = features @ features.T
    best = max(
        stats.multivariate_normal.logpdf(targets, np.zeros(10), np.eye(10) / beta + gram / alpha) / 10
        for alpha in np.exp(np.linspace(-4, 8, 25))
        for beta in np.exp(np.linspace(-2, 12, 25))
    )
    assert logme(features, targets) - 0.01 < best <= logme(features, targets) + 1e-9


def test_evidence_is_right_where_the_features_have_a_lower_rank_than_columns():
    features, targets = problem((20, 3))
    wide = features @ np.random.default_rng(1).normal(size=(3, 30))
    assert logme_numbers(wide, targets) == pytest.approx(brute_force(wide, targets), abs=1e-8)


def test_columns_of_zeros_change_nothing():
    """As published it changes: the dropped -(D - k) / 2 ln alpha."""
    features, targets = problem((12, 4))
    padded = np.concatenate([features, np.zeros((12, 20))], axis=1)
    assert logme_numbers(padded, targets) == pytest.approx(logme_numbers(features, targets), abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_evidence_is_the_published_one_where_that_is_right(seed):
    features, targets = problem((60, 7), seed)
    assert logme_numbers(features, targets) == pytest.approx(published(features, targets), abs=1e-10)


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


def test_several_columns_of_numbers_are_scored_by_their_mean():
    features, targets = problem((20, 4))
    both = np.stack([targets, features[:, 0] ** 2], axis=1)
    assert logme(features, both) == pytest.approx(np.mean([logme(features, column) for column in both.T]), abs=1e-9)


@pytest.mark.parametrize("spread", [1e-2, 1e-4, 1e-5])
def test_what_squaring_costs_stays_small_down_to_a_spread_of_a_hundred_thousandth(spread):
    """The labels hang on the direction that varies least; an exact decomposition sees it, and so must the squared one."""
    generator = np.random.default_rng(0)
    features = generator.normal(size=(60, 6)) * np.append(np.ones(5), spread)
    targets = features[:, 5] / spread + 0.1 * generator.normal(size=60)
    assert logme(features, targets) == pytest.approx(brute_force(features, targets), abs=1e-6)


def test_a_target_for_every_item_is_asked_for():
    features, targets = problem((10, 3))
    with pytest.raises(ValueError, match="10 items need 10 targets"):
        logme(features, targets[:9])


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
