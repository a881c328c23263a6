"""The linear mapping between feature spaces, against scikit-learn and by brute force."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from transferkit.ops.mappings.least_squares import least_squares
from transferkit.ops.mappings.least_squares_by_steps import least_squares_by_steps


def pairs(n, d, k, noise=0.1, seed=0):
    draw = np.random.default_rng(seed)
    x = draw.normal(2.0, 1.0, (n, d))
    return x, x @ draw.normal(size=(d, k)) + 3.0 + noise * draw.normal(size=(n, k))


def test_without_a_penalty_it_is_least_squares():
    x, y = pairs(40, 5, 3)
    expected = LinearRegression().fit(x, y)
    found = least_squares(x, y, penalty=0)
    np.testing.assert_allclose(found.matrix, expected.coef_.T, atol=1e-10)
    np.testing.assert_allclose(found(x), expected.predict(x), atol=1e-10)


@pytest.mark.parametrize("penalty", [0.0, 2.5])
def test_weighted_pairs_are_met_as_scikit_learn_meets_them(penalty):
    x, y = pairs(40, 5, 3)
    weights = np.random.default_rng(1).uniform(0.2, 3.0, 40)
    weights /= weights.mean()
    expected = (Ridge(alpha=penalty) if penalty else LinearRegression()).fit(x, y, sample_weight=weights)
    np.testing.assert_allclose(least_squares(x, y, penalty, weights)(x), expected.predict(x), atol=1e-8)


def test_fewer_pairs_than_columns_are_met_exactly_by_the_shortest_solution():
    x, y = pairs(6, 20, 2)
    found = least_squares(x, y, penalty=0)
    np.testing.assert_allclose(found(x), y, atol=1e-8)
    expected = np.linalg.pinv(x - x.mean(0), rcond=1e-10) @ (y - y.mean(0))
    np.testing.assert_allclose(found.matrix, expected, atol=1e-8)


@pytest.mark.parametrize(("n", "d"), [(40, 5), (8, 30)])
def test_with_a_penalty_it_is_ridge(n, d):
    x, y = pairs(n, d, 3)
    expected = Ridge(alpha=2.5).fit(x, y)
    found = least_squares(x, y, penalty=2.5)
    np.testing.assert_allclose(found(x), expected.predict(x), atol=1e-8)


def test_the_chosen_penalty_meets_left_out_pairs_best():
    x, y = pairs(25, 20, 2, noise=3.0)
    found = least_squares(x, y)
    chosen = found.chosen["penalty"]

    def left_out(penalty):
        rest = [np.delete(np.arange(25), i) for i in range(25)]
        each = [least_squares(x[r], y[r], penalty)(x[i : i + 1]) - y[i] for i, r in enumerate(rest)]
        return float(np.square(each).sum(axis=2).mean())

    expected = left_out(chosen)  # of 24 pairs, where the closed form weighs all 25: not exactly the same penalty
    assert found.chosen["left_out_error"] == pytest.approx(expected, rel=0.1)
    assert left_out(chosen) < left_out(1e-6)
    assert left_out(chosen) < left_out(1e4 * chosen)


def test_constant_features_give_the_mean_of_the_other_space():
    y = np.arange(8.0).reshape(4, 2)
    np.testing.assert_allclose(least_squares(np.ones((4, 3)), y)(np.ones((2, 3))), np.tile(y.mean(0), (2, 1)))


def test_by_steps_comes_to_least_squares():
    x, y = pairs(300, 6, 4, noise=0.5)
    x, order = (x - x.mean(0)) / x.std(0), np.random.default_rng(0)
    batches = ((x[rows], y[rows]) for rows in (order.permutation(300)[:32] for _ in range(4000)))
    found, expected = least_squares_by_steps(batches), least_squares(x, y, penalty=0)
    np.testing.assert_allclose(found.matrix, expected.matrix, atol=0.05)
    np.testing.assert_allclose(found.offset, expected.offset, atol=0.05)


def test_batches_that_differ_in_columns_give_one_line():
    with pytest.raises(ValueError, match="batch 2 has 3 and 1 columns, the first had 2 and 1"):
        least_squares_by_steps([(np.eye(2), np.ones((2, 1))), (np.ones((2, 3)), np.ones((2, 1)))])
    with pytest.raises(ValueError, match="no batches"):
        least_squares_by_steps([])


@pytest.mark.parametrize(
    ("x", "y", "line"),
    [
        (np.zeros((3, 2)), np.zeros((4, 2)), r"x is \(3, 2\) and y \(4, 2\)"),
        (np.zeros(3), np.zeros((3, 1)), r"expected \(n, d\)"),
        (np.array([[np.nan], [1.0]]), np.zeros((2, 1)), "not finite"),
    ],
)
def test_pairs_that_do_not_fit_give_one_line(x, y, line):
    with pytest.raises(ValueError, match=line):
        least_squares(x, y)
    with pytest.raises(ValueError, match="must be at least 0"):
        least_squares(np.zeros((3, 1)), np.zeros((3, 1)), penalty=-1)
