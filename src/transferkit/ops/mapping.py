"""Mapping: the linear f from one feature space to another that minimises the sum of squared distances.

    minimise over B (d, k), b (k,):  sum_i |f(x_i) - y_i|^2 + penalty |B|^2,   f(x) = x B + b

In closed form (Hoerl & Kennard 1970); the penalty is the one under which pairs that were left out are met best, by the exact
leave-one-out errors of `ops/ridge.py`. A penalty of 0 is plain least squares, of all its solutions the one of least norm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transferkit.ops.ridge import ridge_coefficients
from transferkit.ops.scores.leave_one_out import leave_one_out_numbers


@dataclass(frozen=True, eq=False)
class LinearMapping:
    """A fitted f; call it."""

    coefficients: np.ndarray
    """(d, k)"""
    intercept: np.ndarray
    """(k,)"""
    penalty: float
    left_out_error: float | None = None
    """Mean squared distance of pairs that were left out; None where the penalty was given."""

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """(n, d) of the first space -> (n, k) of the second."""
        mapped: np.ndarray = np.asarray(features) @ self.coefficients + self.intercept
        return mapped


def linear_mapping(x: np.ndarray, y: np.ndarray, penalty: float | None = None) -> LinearMapping:
    """The best linear map from x (n, d) to y (n, k), row i of one belonging to row i of the other.

    `penalty`: None chooses it, 0 is least squares. Raises ValueError where rows do not pair up or are not finite.

    >>> x = np.array([[0.0], [1.0], [2.0]])
    >>> linear_mapping(x, 2 * x + 1, penalty=0)(np.array([[3.0]])).round(3)
    array([[7.]])
    """
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y) or len(x) < 2:
        raise ValueError(f"x is {x.shape} and y {y.shape}; expected (n, d) and (n, k) with the same n, at least 2")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("x or y holds a value that is not finite")
    if penalty is not None and not penalty >= 0:
        raise ValueError(f"penalty {penalty} must be at least 0, or None to choose it")
    error = None
    if penalty is None:
        chosen = leave_one_out_numbers(x, y)
        penalty, error = chosen.penalty, chosen.mean
    if penalty > 0:
        return LinearMapping(*ridge_coefficients(x, y, penalty), penalty, error)
    centre, target_centre = x.mean(axis=0), y.mean(axis=0)
    coefficients = np.linalg.lstsq(x - centre, y - target_centre, rcond=None)[0]  # (d, k)
    return LinearMapping(coefficients, target_centre - centre @ coefficients, 0.0, error)
