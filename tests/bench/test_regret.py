from itertools import pairwise, permutations

import numpy as np
import pytest
from scipy import stats

from bench.oracle.regret import interval_over_targets, regret, weighted_tau


def brute_regret(truth, values, k):
    """Mean over every order that sorts the values."""
    found = []
    for order in permutations(range(len(truth))):
        if all(values[a] >= values[b] for a, b in pairwise(order)):
            found.append(max(truth) - max(truth[i] for i in order[:k]))
    return float(np.mean(found))


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_regret_is_the_mean_over_all_orders_of_equal_values(k):
    generator = np.random.default_rng(k)
    for _ in range(20):
        truth, values = generator.random(5), generator.integers(0, 3, 5).astype(float)
        assert regret(truth, values, k) == pytest.approx(brute_regret(truth, values, k))


def test_a_source_without_a_value_is_tried_last():
    assert regret(np.array([0.9, 0.5, 0.4]), np.array([np.nan, 1.0, 2.0])) == pytest.approx(0.5)
    assert regret(np.array([0.9, 0.5]), np.array([np.nan, 1.0]), k=2) == 0


def test_choosing_blindly_regrets_the_mean_shortfall():
    truth = np.array([0.9, 0.6, 0.3])
    assert regret(truth, np.zeros(3)) == pytest.approx(0.3)


def brute_tau(x, y):
    """Vigna 2015 by its definition: pairs weigh 1 / (rank + 1) of both items, ranks by (x, y) and by (y, x), averaged."""

    def one(first, second):
        order = sorted(range(len(x)), key=lambda i: (first[i], second[i]), reverse=True)
        weight = {item: 1 / (rank + 1) for rank, item in enumerate(order)}
        total = norm = 0.0
        for i in range(len(x)):
            for j in range(i):
                w = weight[i] + weight[j]
                total += w * np.sign(x[i] - x[j]) * np.sign(y[i] - y[j])
                norm += w
        return total / norm

    return (one(x, y) + one(y, x)) / 2


def test_weighted_tau_is_its_definition():
    generator = np.random.default_rng(0)
    for _ in range(10):
        x, y = generator.permutation(7).astype(float), generator.permutation(7).astype(float)
        assert weighted_tau(x, y) == pytest.approx(brute_tau(x, y))


def test_one_value_for_all_agrees_with_nothing():
    assert weighted_tau(np.array([0.1, 0.2, 0.3]), np.ones(3)) == 0
    assert weighted_tau(np.array([0.1, 0.2, 0.3]), np.array([1.0, np.nan, np.nan])) == 0


def test_the_interval_over_targets_is_the_percentile_bootstrap():
    values = np.random.default_rng(1).exponential(1.0, 12)
    theirs = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=10_000, rng=2).confidence_interval
    assert interval_over_targets(values) == pytest.approx((theirs.low, theirs.high), abs=0.05)
