"""Canonical correlations against scikit-learn; the map against ridge, which it is with every direction kept."""

import numpy as np
import pytest
from sklearn.cross_decomposition import CCA

from transferkit.ops.mappings.cca import canonical, cca
from transferkit.ops.mappings.least_squares import least_squares


def pairs(n=80, d=6, k=4, common=2, noise=1.0):
    draw = np.random.default_rng(0)
    shared = draw.normal(size=(n, common))
    x = np.concatenate([shared, noise * draw.normal(size=(n, d - common))], axis=1) @ draw.normal(size=(d, d)) + 1
    y = np.concatenate([shared, noise * draw.normal(size=(n, k - common))], axis=1) @ draw.normal(size=(k, k)) - 2
    return x + 0.3 * draw.normal(size=x.shape), y


def test_correlations_and_projections_are_scikit_learns():
    x, y = pairs()
    theirs = CCA(n_components=3, max_iter=5000, tol=1e-12).fit(x, y)
    scores = theirs.transform(x, y)
    expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(scores[0].T, scores[1].T, strict=True)]
    found = canonical(x, y)
    np.testing.assert_allclose(found.correlations[:3], expected, atol=1e-4)
    for place in range(2):
        ours = (x - x.mean(0)) @ found.x_axes[:, place]
        assert abs(np.corrcoef(ours, scores[0][:, place])[0, 1]) == pytest.approx(1, abs=1e-3)


def test_canonical_coordinates_are_white_and_go_together_by_the_correlations():
    x, y = pairs()
    found = canonical(x, y)
    u, v = (x - x.mean(0)) @ found.x_axes, (y - y.mean(0)) @ found.y_axes
    np.testing.assert_allclose(u.T @ u / len(x), np.eye(u.shape[1]), atol=1e-8)
    np.testing.assert_allclose(u.T @ v / len(x), np.diag(found.correlations), atol=1e-8)


def test_correlations_do_not_depend_on_the_basis_of_either_space():
    x, y = pairs()
    draw = np.random.default_rng(5)
    turned = canonical(x @ draw.normal(size=(6, 6)) + 7, y @ draw.normal(size=(4, 4)))
    np.testing.assert_allclose(turned.correlations, canonical(x, y).correlations, atol=1e-6)


@pytest.mark.parametrize("ridge", [0.0, 0.1])
def test_with_every_direction_it_is_ridge_regression(ridge):
    x, y = pairs()
    penalty = ridge * np.square(x - x.mean(0)).sum() / x.shape[1]  # in least squares' own units
    found = cca(x, y, n_components=4, ridge=ridge)
    np.testing.assert_allclose(found(x), least_squares(x, y, penalty)(x), atol=1e-6)


def test_few_common_directions_are_found_and_left_out_pairs_met_better_than_by_all():
    x, y = pairs(n=60, d=30, k=20, common=1)
    found = cca(x[:40], y[:40])
    assert found.chosen["n_components"] <= 4
    errors = [np.square(f(x[40:]) - y[40:]).sum() for f in (found, cca(x[:40], y[:40], n_components=20, ridge=1e-3))]
    assert errors[0] < errors[1]


def test_constant_columns_and_few_pairs_do_no_harm():
    x, y = pairs()
    with_constant = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    np.testing.assert_allclose(cca(with_constant, y, 2, 0.0)(with_constant), cca(x, y, 2, 0.0)(x), atol=1e-8)
    assert np.isfinite(cca(x[:3], y[:3])(x)).all()


def test_settings_that_cannot_be_give_one_line():
    x, y = pairs()
    with pytest.raises(ValueError, match="n_components 0 must be at least 1"):
        cca(x, y, n_components=0)
    with pytest.raises(ValueError, match="ridge -1"):
        cca(x, y, n_components=1, ridge=-1)
