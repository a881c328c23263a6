"""The linear mapping between feature spaces, against scikit-learn and by brute force."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from transferkit.ops.mapping import linear_mapping


def pairs(n, d, k, noise=0.1, seed=0):
    draw = np.random.default_rng(seed)
    x = draw.normal(2.0, 1.0, (n, d))
    return x, x @ draw.normal(size=(d, k)) + 3.0 + noise * draw.normal(size=(n, k))


def test_without_a_penalty_it_is_least_squares():
    x, y = pairs(40, 5, 3)
    expected = LinearRegression().fit(x, y)
    found = linear_mapping(x, y, penalty=0)
    np.testing.assert_allclose(found.coefficients, expected.coef_.T, atol=1e-10)
    np.testing.assert_allclose(found(x), expected.predict(x), atol=1e-10)


def test_fewer_pairs_than_columns_are_met_exactly_by_the_shortest_solution():
    x, y = pairs(6, 20, 2)
    found = linear_mapping(x, y, penalty=0)
    np.testing.assert_allclose(found(x), y, atol=1e-8)
    expected = np.linalg.pinv(x - x.mean(0), rcond=1e-10) @ (y - y.mean(0))
    np.testing.assert_allclose(found.coefficients, expected, atol=1e-8)


@pytest.mark.parametrize(("n", "d"), [(40, 5), (8, 30)])
def test_with_a_penalty_it_is_ridge(n, d):
    x, y = pairs(n, d, 3)
    expected = Ridge(alpha=2.5).fit(x, y)
    found = linear_mapping(x, y, penalty=2.5)
    np.testing.assert_allclose(found(x), expected.predict(x), atol=1e-8)


def test_the_chosen_penalty_meets_left_out_pairs_best():
    x, y = pairs(25, 20, 2, noise=3.0)
    found = linear_mapping(x, y)

    def left_out(penalty):
        rest = [np.delete(np.arange(25), i) for i in range(25)]
        each = [linear_mapping(x[r], y[r], penalty)(x[i : i + 1]) - y[i] for i, r in enumerate(rest)]
        return float(np.square(each).sum(axis=2).mean())

    expected = left_out(found.penalty)  # of 24 pairs, where the closed form weighs all 25: not exactly the same penalty
    assert found.left_out_error == pytest.approx(expected, rel=0.1)
    assert left_out(found.penalty) < left_out(1e-6)
    assert left_out(found.penalty) < left_out(1e4 * found.penalty)


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
        linear_mapping(x, y)
    with pytest.raises(ValueError, match="must be at least 0"):
        linear_mapping(np.zeros((3, 1)), np.zeros((3, 1)), penalty=-1)
