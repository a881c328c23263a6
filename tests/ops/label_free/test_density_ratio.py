"""Oracle: for two Gaussians of one covariance the ratio has a closed form that a logistic regression can reach."""

import numpy as np
import pytest

from transferkit.ops.label_free.density_ratio import density_ratio


def two_gaussians(n_source=2000, n_target=3000, shift=1.0, d=3, seed=0):
    generator = np.random.default_rng(seed)
    source, target = generator.normal(size=(n_source, d)), generator.normal(size=(n_target, d))
    target[:, 0] += shift
    truth = np.exp(shift * source[:, 0] - shift**2 / 2)
    return source, target, truth


def test_ratio_is_that_of_two_gaussians():
    source, target, truth = two_gaussians()
    found = density_ratio(source, target)
    assert np.abs(np.log(found) - np.log(truth)).mean() < 0.1
    assert found.mean() == pytest.approx(1, abs=0.1)


def test_the_unit_of_the_features_does_not_matter():
    source, target, _ = two_gaussians(300, 200)
    np.testing.assert_allclose(density_ratio(50 * source, 50 * target), density_ratio(source, target), rtol=1e-3)


def test_identical_domains_have_a_ratio_near_one():
    source, target, _ = two_gaussians(shift=0.0)
    assert np.abs(density_ratio(source, target) - 1).max() < 0.25


def test_more_features_than_items_are_no_trouble():
    source, target, _ = two_gaussians(40, 30, d=200)
    found = density_ratio(source, target)
    assert np.isfinite(found).all()
    assert (found > 0).all()


def test_domains_that_do_not_overlap_leave_finite_weights():
    source, target, _ = two_gaussians(100, 100, shift=1e4)
    assert np.isfinite(density_ratio(source, target)).all()


def test_constant_features_and_a_handful_of_items_tell_nothing():
    np.testing.assert_allclose(density_ratio(np.ones((30, 2)), np.ones((60, 2))), 1, atol=1e-3)
    np.testing.assert_array_equal(density_ratio(np.zeros((4, 2)), np.ones((60, 2))), 1)
