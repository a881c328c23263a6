"""Ridge regression with a free intercept and item weights: its coefficients, and every leave-one-out prediction at once.

    minimise over B (d, k), b (k,):  sum_i w_i |y_i - b - x_i B|^2 + penalty |B|^2       (weights are scaled to mean 1)

The fit is linear in y, so leaving item i out needs no refit (Allen 1974, PRESS; Golub, Heath & Wahba 1979):

    y_i - prediction without i = (y_i - fitted_i) / (1 - h_i)
    h_i = w_i (1 / sum w + sum_k t_ik^2 / (s_k + penalty))

with t = (x - weighted mean) V the item's coordinates along the eigenvectors V of the weighted covariance and s its
eigenvalues. The intercept is in h, so the identity is exact and not that of features centred beforehand. One
eigendecomposition on the smaller side, O(n d min(n, d)), then O(n min(n, d) k) a penalty.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from transferkit.ops.principal_axes import principal_axes


@dataclass(frozen=True, eq=False)
class RidgePath:
    """Ridge fits of the same features for any target and penalty, factorised once."""

    coordinates: np.ndarray
    """(n, r) centred items along the eigenvectors, r = min(n, d)."""
    eigenvalues: np.ndarray
    """(r,) of the weighted sum of squares."""
    weights: np.ndarray
    """(n,) of mean 1."""

    @classmethod
    def of(cls, features: np.ndarray, weights: np.ndarray | None = None) -> RidgePath:
        """Factorise features (n, d), n at least 2."""
        n = len(features)
        weights = scaled_weights(weights, n)
        centred = features - weights @ features / n  # (n, d)
        root = np.sqrt(weights)[:, None]
        coordinates, eigenvalues = principal_axes(centred * root)
        return cls(coordinates / root, eigenvalues, weights)

    @property
    def scale(self) -> float:
        """The mean eigenvalue: penalties are chosen in units of it, so that the features' unit does not matter."""
        n, r = self.coordinates.shape
        return float(self.eigenvalues.sum() / min(n - 1, r))

    def left_out(self, targets: np.ndarray, penalty: float) -> np.ndarray:
        """(n, k) what the fit without item i predicts for item i, for targets (n, k)."""
        weights, n = self.weights, len(self.weights)
        shrunk = self.coordinates / (self.eigenvalues + penalty)  # (n, r)
        leverage = weights * (1 / n + np.einsum("nr,nr->n", shrunk, self.coordinates))
        centred = targets - weights @ targets / n
        fitted = shrunk @ (self.coordinates.T @ (weights[:, None] * centred))  # (n, k), about the mean
        left: np.ndarray = targets - (centred - fitted) / (1 - leverage)[:, None]
        return left

    def each(self, targets: np.ndarray, penalties: np.ndarray) -> Iterator[tuple[float, np.ndarray]]:
        """Penalty and leave-one-out predictions (n, k), one pair a penalty."""
        for penalty in penalties:
            yield float(penalty), self.left_out(targets, float(penalty))


def ridge_coefficients(
    features: np.ndarray, targets: np.ndarray, penalty: float, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients (d, k) and intercept (k,) for features (n, d) and targets (n, k).

    >>> slope, intercept = ridge_coefficients(np.array([[0.0], [1.0], [2.0]]), np.array([[1.0], [3.0], [5.0]]), 1e-9)
    >>> np.round(slope, 3), np.round(intercept, 3)
    (array([[2.]]), array([1.]))
    """
    n, d = features.shape
    weights = scaled_weights(weights, n)
    mean, target_mean = weights @ features / n, weights @ targets / n
    root = np.sqrt(weights)[:, None]
    x, y = (features - mean) * root, (targets - target_mean) * root
    if n > d:
        coefficients = linalg.solve(x.T @ x + penalty * np.eye(d), x.T @ y, assume_a="pos")  # (d, k)
    else:
        coefficients = x.T @ linalg.solve(x @ x.T + penalty * np.eye(n), y, assume_a="pos")  # (d, k)
    return coefficients, target_mean - mean @ coefficients


def scaled_weights(weights: np.ndarray | None, n: int) -> np.ndarray:
    """(n,) weights of mean 1; all alike where none are given. A weight of 0 counts as a billionth, so that all divide."""
    if weights is None:
        return np.ones(n)
    weights = np.asarray(weights, dtype=np.float64)
    if weights.shape != (n,) or not np.isfinite(weights).all() or not (weights >= 0).all() or not weights.any():
        raise ValueError(f"weights must be {n} numbers, one an item, none negative and not all 0")
    weights = np.maximum(weights, 1e-9 * weights.mean())
    scaled: np.ndarray = weights / weights.mean()
    return scaled
