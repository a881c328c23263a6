"""Maps that are trained on pairs: what they find, where they stop, and that the seed says it all."""

import numpy as np
import pytest
import torch

from transferkit.ops import feature_maps
from transferkit.ops.mappings.attention import attention
from transferkit.ops.mappings.least_squares import least_squares
from transferkit.ops.mappings.small_network import small_network


def explained(f, x, y):
    return 1 - np.square(f(x) - y).sum() / np.square(y - y.mean(0)).sum()


def bent_pairs(n=400):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(n, 4)) * [1, 10, 0.1, 1] + 3
    z = (x - x.mean(0)) / x.std(0)
    return x, np.stack([np.abs(z[:, 0]), z[:, 1] * z[:, 2]], axis=1) * [100, 1]


def test_a_small_network_bends_where_a_line_cannot():
    x, y = bent_pairs()
    y /= y.std(0)
    assert explained(least_squares(x[:300], y[:300]), x[300:], y[300:]) < 0.1
    assert explained(small_network(x[:300], y[:300]), x[300:], y[300:]) > 0.6


def test_where_a_line_is_the_truth_the_small_network_is_hardly_worse_than_it():
    draw = np.random.default_rng(1)
    x = draw.normal(size=(60, 5))
    y = x @ draw.normal(size=(5, 3)) + 0.5 * draw.normal(size=(60, 3))
    line, network = (
        explained(f, x[40:], y[40:]) for f in (least_squares(x[:40], y[:40]), small_network(x[:40], y[:40]))
    )
    assert network > line - 0.03


def test_a_few_pairs_give_the_line_and_a_line_that_says_so():
    x, y = np.eye(5), np.arange(5.0)[:, None]
    f = small_network(x, y)
    assert f.chosen["steps"] == 0
    assert "the map is that line" in f.notes[0]


def test_each_target_column_attends_to_the_columns_it_is_made_of():
    draw = np.random.default_rng(2)
    x = draw.normal(size=(80, 10)) * np.linspace(1, 100, 10)
    order = draw.permutation(10)[:6]
    signs = np.array([1, -1, 1, 1, -1, 1])
    y = (signs * x[:, order] + 5) * 2 + 0.1 * draw.normal(size=(80, 6))
    f = attention(x[:60], y[:60])
    assert (np.abs(f.attention).argmax(axis=1) == order).all()
    assert (np.sign(f.attention[np.arange(6), order]) == signs).all()
    np.testing.assert_allclose(np.abs(f.attention).sum(axis=1), 1)
    assert explained(f, x[60:], y[60:]) > 0.9


def test_attention_meets_new_pairs_better_than_a_matrix_where_pairs_are_fewer_than_columns():
    draw = np.random.default_rng(3)
    x = draw.normal(size=(120, 40))
    y = x[:, draw.permutation(40)[:20]] + 0.5 * draw.normal(size=(120, 20))
    matrix, attended = (explained(fit(x[:25], y[:25]), x[25:], y[25:]) for fit in (least_squares, attention))
    assert attended > matrix + 0.1


@pytest.mark.parametrize("fit", [small_network, attention])
def test_the_seed_decides_and_the_global_generator_is_left_alone(fit):
    x, y = bent_pairs(60)
    torch.manual_seed(5)
    state = torch.get_rng_state()
    first, second = fit(x, y, seed=1), fit(x, y, seed=1)
    assert torch.equal(state, torch.get_rng_state())
    np.testing.assert_array_equal(first(x), second(x))


@pytest.mark.parametrize("fit", [small_network, attention])
def test_it_is_written_down_and_read_again(fit):
    x, y = bent_pairs(60)
    f = fit(x, y)
    rows = x[:3]
    for one in f.maps:
        rows = feature_maps.build(one.kind, one.settings(), one.arrays())(rows)
    np.testing.assert_array_equal(rows, f(x[:3]))


@pytest.mark.parametrize("fit", [small_network, attention])
def test_constant_features_give_the_mean(fit):
    y = np.random.default_rng(0).normal(size=(20, 2))
    np.testing.assert_allclose(fit(np.ones((20, 3)), y)(np.ones((1, 3))), [y.mean(0)], atol=1e-6)
