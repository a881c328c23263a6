"""Proxy A-distance, against the error that the best classifier of two Gaussians has."""

import pytest
import torch
from scipy.stats import norm

from transferkit.ops.discrepancies.proxy_a_distance import proxy_a_distance


def gaussians(n, m, d, apart, seed=0):
    draw = torch.Generator().manual_seed(seed)
    x, y = torch.randn(n, d, generator=draw), torch.randn(m, d, generator=draw)
    y[:, 0] += apart
    return x, y


@pytest.mark.parametrize("apart", [1.0, 2.0, 4.0])
def test_of_two_gaussians_it_is_that_of_the_best_classifier(apart):
    x, y = gaussians(800, 800, 3, apart)
    assert proxy_a_distance(x, y) == pytest.approx(2 * (1 - 2 * norm.cdf(-apart / 2)), abs=0.1)


def test_samples_of_one_distribution_are_not_apart_however_many_columns():
    assert proxy_a_distance(*gaussians(40, 40, 300, 0.0)) < 0.4
    assert proxy_a_distance(*gaussians(400, 400, 5, 0.0)) < 0.2


def test_unequal_sizes_are_no_distance():
    assert proxy_a_distance(*gaussians(600, 60, 3, 0.0)) < 0.3
    assert proxy_a_distance(*gaussians(600, 60, 3, 10.0)) == 2


def test_the_same_number_twice_and_a_column_s_unit_does_not_matter():
    x, y = gaussians(30, 20, 4, 1.0)
    unit = torch.tensor([1.0, 1e3, 1e-3, 7.0])
    assert proxy_a_distance(x, y) == proxy_a_distance(x, y) == proxy_a_distance(x * unit, y * unit)


def test_three_items_are_enough():
    x, y = gaussians(3, 5, 2, 50.0)
    assert proxy_a_distance(x, y) == 2
