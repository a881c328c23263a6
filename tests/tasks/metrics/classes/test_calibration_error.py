"""Oracles: the sum over pairs of different items of a bin, brute-force jackknife, and unbiasedness over repeated draws."""

import itertools

import numpy as np
import pytest

from transferkit.core.errors import WrongUse
from transferkit.core.task import Predictions
from transferkit.tasks.metrics.classes.calibration_error import CalibrationError

METRIC = CalibrationError(("a", "b"))
EDGES = [6, 12, 19, 25, 32, 38, 44, 51, 57]
"""64 items in ten bins."""


def predictions(confidence, is_right):
    """In all items "a" is predicted; the truth is "a" where right."""
    scores = np.stack([confidence, 1 - confidence], axis=1)
    return Predictions(("a",) * len(confidence), scores), ["a" if right else "b" for right in is_right]


def by_pairs(gaps_by_bin):
    """Squared error as the mean, over the bins, of the product of the gaps of two different items."""
    n = sum(map(len, gaps_by_bin))
    return sum(len(g) / n * np.mean([x * y for x, y in itertools.permutations(g, 2)]) for g in gaps_by_bin)


def signed_root(x):
    return np.sign(x) * np.sqrt(np.abs(x))


@pytest.fixture
def judgement():
    generator = np.random.default_rng(1)
    confidence = np.sort(generator.uniform(0.5, 1, 64))
    return confidence, generator.random(64) < confidence**2


def test_value_is_the_root_of_the_mean_product_of_pairs(judgement):
    confidence, is_right = judgement
    gaps = np.split(confidence - is_right, EDGES)
    assert METRIC.value(*predictions(confidence, is_right)) == pytest.approx(signed_root(by_pairs(gaps)))


def test_items_are_the_jackknife_of_leaving_each_out_of_its_bin(judgement):
    confidence, is_right = judgement
    gaps = np.split(confidence - is_right, EDGES)
    without = []
    for position, bin_of_it in enumerate(gaps):
        for i in range(len(bin_of_it)):
            left = [np.delete(g, i) if at == position else g for at, g in enumerate(gaps)]
            without.append(signed_root(by_pairs(left)))
    without = np.array(without)
    expected = signed_root(by_pairs(gaps)) + 63 * (without.mean() - without)
    np.testing.assert_allclose(METRIC.per_item(*predictions(confidence, is_right)), expected, atol=1e-9)


@pytest.mark.parametrize(("n", "too_sure_by"), [(60, 0.0), (200, 0.0), (200, 0.15)])
def test_squared_error_is_on_average_that_of_the_population(n, too_sure_by):
    generator = np.random.default_rng(0)
    found = []
    for _ in range(1500):
        confidence = generator.uniform(0.65, 1, n)
        value = METRIC.value(*predictions(confidence, generator.random(n) < confidence - too_sure_by))
        found.append(np.sign(value) * value**2)
    assert np.mean(found) == pytest.approx(too_sure_by**2, abs=4 * np.std(found) / np.sqrt(1500))


def test_items_of_equal_confidence_share_a_bin_and_their_order_does_not_matter():
    confidence, is_right = np.full(60, 0.75), np.arange(60) < 45
    value = METRIC.value(*predictions(confidence, is_right))
    assert value == pytest.approx(METRIC.value(*predictions(confidence, is_right[::-1])))
    assert value == pytest.approx(-np.sqrt(0.75 * 0.25 / 59))


def test_too_few_items_are_refused():
    with pytest.raises(WrongUse, match="metric calibration_error needs 50 items or more to judge, and there are 3"):
        METRIC.per_item(*predictions(np.array([0.9, 0.8, 0.7]), np.ones(3)))
