"""The kernel map against scikit-learn, and its leave-one-out errors against leaving one out."""

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge

from transferkit.ops import feature_maps
from transferkit.ops.mappings.kernel_ridge import MOST_PAIRS, kernel_ridge


def pairs(n=40):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(n, 3))
    return x, np.stack([np.sin(x[:, 0]), x[:, 1] * x[:, 2]], axis=1) + 5 + 0.1 * draw.normal(size=(n, 2))


def test_it_is_kernel_ridge_about_the_mean():
    x, y = pairs()
    weights = np.random.default_rng(1).uniform(0.5, 2.0, len(x))
    weights /= weights.mean()
    mean = weights @ y / len(y)
    expected = KernelRidge(alpha=0.3, kernel="rbf", gamma=0.2).fit(x, y - mean, sample_weight=weights)
    new = np.random.default_rng(2).normal(size=(7, 3))
    found = kernel_ridge(x, y, penalty=0.3, width=0.2, weights=weights)
    np.testing.assert_allclose(found(new), expected.predict(new) + mean, atol=1e-8)


def test_the_left_out_error_is_that_of_leaving_one_out():
    x, y = pairs(20)
    y -= y.mean(axis=0)
    found = kernel_ridge(x, y, penalty=0.1, width=0.3)
    errors = []
    for i in range(20):
        rest = np.delete(np.arange(20), i)
        model = KernelRidge(alpha=0.1, kernel="rbf", gamma=0.3).fit(x[rest], y[rest])
        errors.append(np.square(model.predict(x[i : i + 1]) - y[i]).sum())
    assert found.chosen["left_out_error"] == pytest.approx(np.mean(errors), rel=1e-8)


def test_it_bends_where_a_line_cannot():
    x, y = pairs(200)
    f = kernel_ridge(x[:150], y[:150])
    unexplained = np.square(f(x[150:]) - y[150:]).sum() / np.square(y[150:] - y[:150].mean(0)).sum()
    assert unexplained < 0.2


def test_it_is_written_down_and_read_again():
    x, y = pairs()
    f = kernel_ridge(x, y)
    rows = x[:3]
    for one in f.maps:
        rows = feature_maps.build(one.kind, one.settings(), one.arrays())(rows)
    np.testing.assert_array_equal(rows, f(x[:3]))


def test_too_many_pairs_are_thinned_and_it_says_so(monkeypatch):
    monkeypatch.setattr("transferkit.ops.mappings.kernel_ridge.MOST_PAIRS", 30)
    x, y = pairs(40)
    assert "30 of 40 pairs" in kernel_ridge(x, y).notes[0]
    assert MOST_PAIRS > 1000


def test_settings_that_cannot_be_give_one_line():
    with pytest.raises(ValueError, match="width 0 must be above 0"):
        kernel_ridge(*pairs(), width=0)
    with pytest.raises(ValueError, match="penalty -1 must be above 0"):
        kernel_ridge(*pairs(), penalty=-1)


def test_constant_features_give_the_mean():
    y = np.arange(8.0).reshape(4, 2)
    np.testing.assert_allclose(kernel_ridge(np.ones((4, 3)), y)(np.ones((1, 3))), [y.mean(0)], atol=1e-8)
