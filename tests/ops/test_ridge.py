"""Oracles: scikit-learn's ridge with an intercept, refitted without each item."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from transferkit.ops.ridge import RidgePath, ridge_coefficients

SHAPES = [(25, 4), (10, 40), (12, 12)]


def problem(shape, weighted):
    generator = np.random.default_rng(shape[1])
    features = generator.normal(size=shape) + 5  # far from 0: the intercept matters
    weights = generator.uniform(0.2, 3, shape[0]) if weighted else None
    return features, generator.normal(size=(shape[0], 3)) - 2, weights


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("penalty", [1e-3, 1.0, 100.0])
def test_coefficients_are_scikit_learns(shape, weighted, penalty):
    features, targets, weights = problem(shape, weighted)
    scaled = None if weights is None else weights / weights.mean()
    expected = Ridge(alpha=penalty, solver="cholesky").fit(features, targets, scaled)
    coefficients, intercept = ridge_coefficients(features, targets, penalty, weights)
    np.testing.assert_allclose(coefficients, expected.coef_.T, atol=1e-8)
    np.testing.assert_allclose(intercept, expected.intercept_, atol=1e-7)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("penalty", [1e-3, 1.0, 100.0])
def test_left_out_predictions_are_those_of_refitting_without_each_item(shape, weighted, penalty):
    features, targets, weights = problem(shape, weighted)
    scaled = np.ones(len(features)) if weights is None else weights / weights.mean()
    expected = np.empty_like(targets)
    for i in range(len(features)):
        others = np.arange(len(features)) != i
        model = Ridge(alpha=penalty, solver="cholesky").fit(features[others], targets[others], scaled[others])
        expected[i] = model.predict(features[[i]])[0]
    left_out = RidgePath.of(features, weights).left_out(targets, penalty)
    np.testing.assert_allclose(left_out, expected, atol=1e-6)


def test_scale_follows_the_unit_of_the_features():
    features, _, _ = problem((25, 4), False)
    assert RidgePath.of(features * 10).scale == pytest.approx(100 * RidgePath.of(features).scale)
    assert RidgePath.of(features).scale == pytest.approx(25 * features.var(axis=0).mean())


@pytest.mark.parametrize("shape", SHAPES)
def test_an_item_of_weight_zero_is_predicted_but_has_no_say(shape):
    features, targets, weights = problem(shape, True)
    weights[3] = 0
    others = np.arange(len(features)) != 3
    without = ridge_coefficients(features[others], targets[others], 1.0, weights[others])
    # weights are scaled to mean 1, so the same penalty weighs n / (n - 1) as much beside the zero
    penalty = len(features) / (len(features) - 1)
    coefficients, intercept = ridge_coefficients(features, targets, penalty, weights)
    np.testing.assert_allclose(coefficients, without[0], atol=1e-6)
    left_out = RidgePath.of(features, weights).left_out(targets, penalty)
    np.testing.assert_allclose(left_out[3], features[3] @ coefficients + intercept, atol=1e-5)


@pytest.mark.parametrize("weights", [[1.0, 2.0], [0.0, 0.0, 0.0], [1.0, np.nan, 1.0], [1.0, -1.0, 1.0]])
def test_weights_that_are_not_one_number_an_item_are_refused(weights):
    with pytest.raises(ValueError, match="3 numbers, one an item"):
        RidgePath.of(np.eye(3), np.array(weights))
