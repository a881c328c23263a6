"""Covariance: mean and covariance of a sample with something added to its spectrum, and any power of it.

Where items are fewer than features the spectrum is taken from the products of items, so that a power costs
O(n d min(n, d)) and the directions in which no item varies are exact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from transferkit.ops.shrinkage import shrinkage


@dataclass(frozen=True, eq=False)
class Covariance:
    """C = V diag(values) V' + rest (I - V V')."""

    mean: np.ndarray
    """(d,)"""
    vectors: np.ndarray
    """(d, r) orthonormal."""
    values: np.ndarray
    """(r,) above 0."""
    rest: float
    """Variance in every direction beside `vectors`; 0 only where there is no such direction or nothing was added."""

    def power(self, exponent: float) -> np.ndarray:
        """(d, d) C^exponent; of a negative exponent the pseudo-inverse's where `rest` is 0.

        >>> covariance(np.array([[2.0, 0.0], [-2.0, 0.0], [0.0, 4.0], [0.0, -4.0]]), ridge=1.0).power(0.5).round(3)
        array([[1.732, 0.   ],
               [0.   , 3.   ]])
        """
        rest = self.rest**exponent if self.rest > 0 else 0.0
        matrix = (self.vectors * (self.values**exponent - rest)) @ self.vectors.T
        matrix[np.diag_indices_from(matrix)] += rest
        return np.asarray(matrix)


def covariance(items: np.ndarray, ridge: float | None = None) -> Covariance:
    """Of items (n, d), divided by n. `ridge` is added to every variance; None: drawn towards a multiple of the identity by the
    share that is optimal for so few items (Ledoit & Wolf 2004)."""
    n, d = items.shape
    mean = items.mean(0)
    centred = items - mean
    if n < d:
        squares, left = np.linalg.eigh(centred @ centred.T / n)
    else:
        squares, left = np.linalg.eigh(centred.T @ centred / n)
    kept = squares > max(n, d) * np.finfo(np.float64).eps * max(squares[-1], np.finfo(np.float64).tiny)
    squares, left = squares[kept], left[:, kept]
    vectors = centred.T @ (left / np.sqrt(n * squares)) if n < d else left  # (d, r)
    if ridge is not None:
        return Covariance(mean, vectors, squares + ridge, ridge)
    lengths = np.einsum("nd,nd->n", centred, centred)
    share = shrinkage(lengths, float((squares**2).sum()), d) if squares.size else 0.0
    even = share * float(lengths.mean()) / d
    return Covariance(mean, vectors, (1 - share) * squares + even, even)


def map_between(
    source: Covariance, target: Covariance, solve: Callable[[Covariance, Covariance], np.ndarray]
) -> np.ndarray:
    """(d, d) the matrix that `solve` gives for two covariances, where it is a function of them alone.

    Solved in the directions in which some item varies, where those are fewer than d; in all others each domain has one
    variance, and the matrix stretches by the root of their ratio.
    """
    d = len(source.mean)
    if source.vectors.shape[1] + target.vectors.shape[1] >= d:
        return solve(source, target)
    basis, sizes, _ = np.linalg.svd(np.hstack([source.vectors, target.vectors]), full_matrices=False)
    basis = basis[:, sizes > 1e-10]  # (d, r)
    small = solve(*(replace(one, vectors=basis.T @ one.vectors) for one in (source, target)))
    stretch = np.sqrt(target.rest / source.rest) if source.rest > 0 else 0.0
    matrix = basis @ (small - stretch * np.eye(len(small))) @ basis.T
    matrix[np.diag_indices(d)] += stretch
    return np.asarray(matrix)
