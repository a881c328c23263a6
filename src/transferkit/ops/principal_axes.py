"""Principal axes: a table of items in the directions along which they vary, found on its smaller side."""

from __future__ import annotations

import numpy as np
from scipy import linalg


def principal_axes(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (n, r) of the rows of a table (n, d) along its principal axes, and each axis' sum of squares (r,).

    r = min(n, d); the table is taken as it is, not centred. Cost O(n d r): the eigenvectors are those of the smaller of
    table @ table.T and table.T @ table, and sums of squares below rounding are given as exactly 0.

    >>> coordinates, squares = principal_axes(np.array([[3.0, 4.0, 0.0], [6.0, 8.0, 0.0]]))
    >>> np.round(squares, 9)
    array([  0., 125.])
    """
    n, d = table.shape
    squares, vectors = linalg.eigh(table.T @ table if n > d else table @ table.T)
    squares = np.where(squares > max(n, d) * np.finfo(np.float64).eps * squares[-1], squares, 0.0)
    if n > d:
        return np.where(squares > 0, table @ vectors, 0.0), squares  # (n, d)
    return vectors * np.sqrt(squares), squares  # (n, n)
