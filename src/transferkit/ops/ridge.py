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

from transferkit.ops.principal_axes import PrincipalAxes

BLOCK = 512
"""Items at a time: few enough for their errors to stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class RidgePath:
    """Ridge fits of the same features for any target and penalty, factorised once."""

    axes: PrincipalAxes
    """Of the weighted items."""

    @classmethod
    def of(cls, features: np.ndarray | PrincipalAxes, weights: np.ndarray | None = None) -> RidgePath:
        """Factorise features (n, d), n at least 2; axes that are there are used unless weights are given."""
        if isinstance(features, PrincipalAxes):
            return cls(features) if weights is None else cls.of(features.table, weights)
        return cls(PrincipalAxes.of(features, scaled_weights(weights, len(features))))

    @property
    def weights(self) -> np.ndarray:
        """(n,) of mean 1."""
        return self.axes.weights

    @property
    def scale(self) -> float:
        """The mean eigenvalue: penalties are chosen in units of it, so that the features' unit does not matter."""
        n, d = self.axes.table.shape
        return float(self.axes.squares.sum() / min(n - 1, d))

    def left_out(self, targets: np.ndarray, penalty: float) -> np.ndarray:
        """(n, k) what the fit without item i predicts for item i, for targets (n, k)."""
        return next(self.each(targets, np.array([penalty])))[1]

    def each(self, targets: np.ndarray, penalties: np.ndarray) -> Iterator[tuple[float, np.ndarray]]:
        """Penalty and leave-one-out predictions (n, k), one pair a penalty."""
        weights, n, coordinates = self.weights, len(self.weights), self.axes.coordinates
        mean = weights @ targets / n
        projected = coordinates.T @ (weights[:, None] * (targets - mean))  # (r, k)
        for penalty in penalties:
            inverse = 1 / (self.axes.squares + penalty)  # (r,)
            shrunk = inverse[:, None] * projected
            left_out = np.empty(targets.shape)
            for start in range(0, n, BLOCK):
                rows = slice(start, start + BLOCK)
                leverage = weights[rows] * (1 / n + np.square(coordinates[rows]) @ inverse)
                error = (targets[rows] - mean - coordinates[rows] @ shrunk) / (1 - leverage)[:, None]
                np.subtract(targets[rows], error, out=left_out[rows])
            yield float(penalty), left_out


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
