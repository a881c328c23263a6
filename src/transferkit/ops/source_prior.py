"""Linear models with a prior at the source's weights: as near to the source as the target's few labels allow.

Chelba & Acero 2006, doi:10.1016/j.csl.2005.05.005: a Gaussian prior whose mean is the source's fit,

    minimise over W:  sum_i v_i loss(W x_i, y_i) + penalty / 2 |W - W_s|^2

loss is the cross-entropy of classes or half the squared error of numbers. Penalty infinite leaves the source as it
is, 0 forgets it. An intercept is a feature that is 1, and is drawn towards the source's too.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg, optimize, special


def ridge_towards(
    features: np.ndarray, targets: np.ndarray, prior: np.ndarray, penalty: float, weights: np.ndarray | None = None
) -> np.ndarray:
    """(k, d) for features (n, d), targets (n, k), prior (k, d): in closed form.

    >>> ridge_towards(np.array([[1.0]]), np.array([[2.0]]), np.array([[1.0]]), penalty=1.0)
    array([[1.5]])
    """
    _check(penalty)
    scale = np.ones(len(features)) if weights is None else np.asarray(weights, dtype=np.float64)
    rows, left = np.sqrt(scale)[:, None] * features, np.sqrt(scale)[:, None] * (targets - features @ prior.T)
    n, d = rows.shape
    if n >= d:
        change = linalg.solve(rows.T @ rows + penalty * np.eye(d), rows.T @ left, assume_a="pos")
    else:
        change = rows.T @ linalg.solve(rows @ rows.T + penalty * np.eye(n), left, assume_a="pos")
    return np.asarray(prior + change.T)


def logistic_towards(
    features: np.ndarray, labels: np.ndarray, prior: np.ndarray, penalty: float, weights: np.ndarray | None = None
) -> np.ndarray:
    """(k, d) for features (n, d), labels (n,) 0 to k - 1, prior (k, d): multinomial, by L-BFGS on what is convex."""
    _check(penalty)
    scale = np.ones(len(features)) if weights is None else np.asarray(weights, dtype=np.float64)
    hot = np.eye(len(prior))[labels]
    start = features @ prior.T  # (n, k)

    def value(flat: np.ndarray) -> tuple[float, np.ndarray]:
        change = flat.reshape(prior.shape)
        logs = special.log_softmax(start + features @ change.T, axis=1)
        slope = (scale[:, None] * (np.exp(logs) - hot)).T @ features + penalty * change
        return float(-(scale[:, None] * hot * logs).sum() + penalty * np.square(change).sum() / 2), slope.ravel()

    options = {"maxiter": 1000, "ftol": 1e-12, "gtol": 1e-7}
    found = optimize.minimize(value, np.zeros(prior.size), jac=True, method="L-BFGS-B", options=options)
    return np.asarray(prior + found.x.reshape(prior.shape))


def _check(penalty: float) -> None:
    if not penalty > 0:
        raise ValueError(f"penalty={penalty} must be above 0")
