"""Linear models near the source's, against scikit-learn and least squares."""

import numpy as np
import pytest
from scipy.sparse.linalg import lsqr
from sklearn.linear_model import LogisticRegression, Ridge

from transferkit.ops.source_prior import logistic_towards, ridge_towards

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(30, 5))
PRIOR = DRAW.normal(size=(3, 5))
LABELS = np.arange(30) % 3
NUMBERS = DRAW.normal(size=(30, 3))


def test_without_a_prior_it_is_ridge_and_logistic_regression() -> None:
    nothing = np.zeros((3, 5))
    theirs = Ridge(2.0, fit_intercept=False).fit(X, NUMBERS).coef_
    np.testing.assert_allclose(ridge_towards(X, NUMBERS, nothing, 2.0), theirs, atol=1e-10)
    model = LogisticRegression(C=0.5, fit_intercept=False, tol=1e-10, max_iter=5000).fit(X, LABELS)
    np.testing.assert_allclose(logistic_towards(X, LABELS, nothing, 2.0), model.coef_, atol=1e-4)


@pytest.mark.parametrize("n", [30, 4])
def test_ridge_is_damped_least_squares_begun_at_the_prior(n: int) -> None:
    """Which is how adapt 0.4.5 fits its RegularTransferLR; its `lambda_` is the root of this penalty."""
    found = ridge_towards(X[:n], NUMBERS[:n], PRIOR, 3.0)
    for k in range(3):
        theirs = lsqr(X[:n], NUMBERS[:n, k], damp=3.0**0.5, x0=PRIOR[k], atol=1e-14, btol=1e-14)[0]
        np.testing.assert_allclose(found[k], theirs, atol=1e-6)


def test_the_gradient_at_the_logistic_optimum_is_zero() -> None:
    weights = DRAW.uniform(0.5, 2, 30)
    found = logistic_towards(X, LABELS, PRIOR, 0.7, weights)
    logits = X @ found.T
    chances = np.exp(logits - logits.max(1, keepdims=True))
    chances /= chances.sum(1, keepdims=True)
    slope = (weights[:, None] * (chances - np.eye(3)[LABELS])).T @ X + 0.7 * (found - PRIOR)
    assert np.abs(slope).max() < 1e-4


def test_a_stronger_prior_stays_nearer() -> None:
    for towards, targets in ((ridge_towards, NUMBERS), (logistic_towards, LABELS)):
        far = [np.linalg.norm(towards(X, targets, PRIOR, p) - PRIOR) for p in (0.01, 1.0, 100.0, 1e6)]
        assert far == sorted(far, reverse=True)
        assert far[-1] < 1e-3
    with pytest.raises(ValueError, match="above 0"):
        ridge_towards(X, NUMBERS, PRIOR, 0.0)
