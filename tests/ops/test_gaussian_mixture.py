"""Oracle: scikit-learn's mixture, given the same start."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from transferkit.ops import gaussian_mixture as module
from transferkit.ops.gaussian_mixture import expected, fitted, responsibilities


def clumps(seed=0, n=90, k=4):
    generator = np.random.default_rng(seed)
    return generator.normal(size=(3, k))[np.arange(n) % 3] * 3 + generator.normal(size=(n, k))


@pytest.mark.parametrize("steps", [1, 5])
def test_em_takes_the_same_steps_as_scikit_learn(steps):
    items, ridge = clumps(), 1e-3
    belongs = np.eye(3)[np.random.default_rng(1).integers(0, 3, len(items))]
    shares, means, variances = fitted(items, belongs, ridge)
    other = GaussianMixture(
        3, covariance_type="diag", weights_init=shares, means_init=means, precisions_init=1 / variances,
        max_iter=steps, reg_covar=ridge, tol=0.0,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        other.fit(items)
    for _ in range(steps):
        belongs, _ = expected(items, shares, means, variances)
        shares, means, variances = fitted(items, belongs, ridge)
    np.testing.assert_allclose(means, other.means_, rtol=1e-6)
    np.testing.assert_allclose(variances, other.covariances_, rtol=1e-6)
    np.testing.assert_allclose(expected(items, shares, means, variances)[0], other.predict_proba(items), atol=1e-8)


def test_likelihood_never_falls():
    items = clumps(seed=3)
    belongs = np.eye(5)[np.random.default_rng(1).integers(0, 5, len(items))]
    seen = []
    for _ in range(20):
        belongs, likelihood = expected(items, *fitted(items, belongs, 1e-9))
        seen.append(likelihood)
    assert (np.diff(seen) > -1e-9).all()


def test_clumps_far_apart_are_found():
    items = clumps() + 40 * np.eye(3, 4)[np.arange(90) % 3]
    found = responsibilities(items, 3, 1e-3).argmax(axis=1)
    assert len(set(zip(found, np.arange(90) % 3, strict=True))) == 3


@pytest.mark.parametrize("scale", [0.1, 10.0])
def test_the_unit_does_not_matter_where_the_ridge_scales_along(scale):
    items = clumps()
    whole = responsibilities(items, 4, 1e-3)
    np.testing.assert_allclose(responsibilities(items * scale, 4, 1e-3 * scale**2), whole, atol=1e-6)


def test_more_clumps_than_different_items_leave_some_empty():
    items = np.repeat(clumps(n=3), 4, axis=0)
    belongs = responsibilities(items, 6, 1e-3)
    np.testing.assert_allclose(belongs.sum(axis=1), 1)


def test_the_same_items_give_the_same_mixture():
    items = clumps()
    np.testing.assert_array_equal(responsibilities(items, 4, 1e-3), responsibilities(items, 4, 1e-3))


def test_another_draw_gives_another_start(monkeypatch):
    items = clumps()
    first = responsibilities(items, 4, 1e-3)
    monkeypatch.setattr(module, "DRAW", 1)
    assert not np.allclose(responsibilities(items, 4, 1e-3), first)
