"""CCA: what two feature spaces have in common, and the map that goes through it.

    Wx^T Cxy Wy = U diag(rho) V^T,   Wx = (Cxx + r tr(Cxx)/d I)^-1/2, and Wy alike
    f(x) = mean(y) + (x - mean(x)) Wx U_q diag(rho_q) V_q^T Wy^-1

Hotelling 1936; ridge: Vinod 1976. The first q canonical directions are kept: reduced-rank regression in the metric of
y. With all of them f is ridge regression.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transferkit.ops.mappings.pairs import checked_pairs
from transferkit.ops.mappings.space_map import SpaceMap, linear

RIDGES = (1e-3, 1e-2, 1e-1, 1.0)
FOLDS = 5
ABSENT = 1e-10
"""Share of the largest eigenvalue below which a direction is not there."""


@dataclass(frozen=True, eq=False)
class Canonical:
    """Directions of two spaces whose projections go together, the closest first."""

    x_axes: np.ndarray
    """(d, r): centred x @ x_axes has unit variance a column."""
    y_axes: np.ndarray
    """(k, r)"""
    correlations: np.ndarray
    """(r,) 1 to 0."""
    y_back: np.ndarray
    """(r, k) from canonical coordinates back to the space of y."""
    x_mean: np.ndarray
    y_mean: np.ndarray

    def map(self, n_components: int) -> np.ndarray:
        """(d, k) through the first of them."""
        q = slice(n_components)
        matrix: np.ndarray = (self.x_axes[:, q] * self.correlations[q]) @ self.y_back[q]
        return matrix


def canonical(x: np.ndarray, y: np.ndarray, ridge: float = 0.0, weights: np.ndarray | None = None) -> Canonical:
    """Canonical correlations of x (n, d) and y (n, k). `ridge`: added to both variances, in units of their mean.

    >>> x = np.random.default_rng(0).normal(size=(50, 3))
    >>> canonical(x, x[:, :1] * 2 + 1).correlations.round(6)
    array([1.])
    """
    x, y, weights = checked_pairs(x, y, weights)
    if not ridge >= 0:
        raise ValueError(f"ridge {ridge} must be at least 0")
    x_mean, y_mean = weights @ x / len(x), weights @ y / len(x)
    root = np.sqrt(weights / len(x))[:, None]
    x, y = (x - x_mean) * root, (y - y_mean) * root
    x_white, _ = _whitener(x.T @ x, ridge)
    y_white, y_colour = _whitener(y.T @ y, ridge)
    left, values, right = np.linalg.svd(x_white.T @ (x.T @ y) @ y_white, full_matrices=False)
    return Canonical(x_white @ left, y_white @ right.T, np.clip(values, 0.0, 1.0), right @ y_colour, x_mean, y_mean)


def cca(
    x: np.ndarray,
    y: np.ndarray,
    n_components: int | None = None,
    ridge: float | None = None,
    weights: np.ndarray | None = None,
) -> SpaceMap:
    """The map from x (n, d) to y (n, k) through their canonical directions, row i of one belonging to row i of the
    other.

    `n_components`, `ridge`: None chooses what meets pairs of folds that were held out best. Use where few directions
    of either space are about the same thing and the rest is each space's own.

    >>> x = np.random.default_rng(0).normal(size=(60, 3))
    >>> f = cca(x, x @ np.ones((3, 1)), ridge=0)
    >>> f(np.ones((1, 3))).round(6)
    array([[3.]])
    """
    x, y, weights = checked_pairs(x, y, weights)
    if n_components is not None and n_components < 1:
        raise ValueError(f"n_components {n_components} must be at least 1, or None to choose it")
    error = None
    if n_components is None or ridge is None:
        n_components, ridge, error = _chosen(x, y, weights, n_components, ridge)
    found = canonical(x, y, ridge, weights)
    used = min(n_components, len(found.correlations))
    chosen = {"n_components": float(used), "ridge": float(ridge)} | ({} if error is None else {"held_out_error": error})
    return linear(found.map(used), found.x_mean, found.y_mean, chosen)


def _chosen(
    x: np.ndarray, y: np.ndarray, weights: np.ndarray, n_components: int | None, ridge: float | None
) -> tuple[int, float, float | None]:
    """Number of directions, ridge and error of least squared distance on held-out folds; rows are dealt in turn."""
    fold = np.arange(len(x)) % min(FOLDS, len(x))
    most = min(x.shape[1], y.shape[1])
    counts = [n_components] if n_components else sorted({min(2**power, most) for power in range(most.bit_length() + 1)})
    errors: dict[tuple[int, float], float] = {}
    for candidate in RIDGES if ridge is None else (ridge,):
        for held in range(fold.max() + 1):
            kept, out = fold != held, fold == held
            if kept.sum() < 2:
                continue
            found = canonical(x[kept], y[kept], candidate, weights[kept])
            coordinates = (x[out] - found.x_mean) @ found.x_axes * found.correlations
            for count in counts:
                missed = y[out] - found.y_mean - coordinates[:, :count] @ found.y_back[:count]
                key = (count, candidate)
                errors[key] = errors.get(key, 0.0) + float((weights[out] @ np.square(missed)).sum())
    if not errors:
        return most, RIDGES[-1], None
    (count, candidate), error = min(errors.items(), key=lambda one: (one[1], one[0][0]))
    return count, candidate, error / len(x)


def _whitener(covariance: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray]:
    """W (d, r) with W^T (C + ridge mean(C) I) W = I, and its inverse (r, d), over the directions that are there."""
    values, vectors = np.linalg.eigh(covariance)
    there = values > ABSENT * max(float(values[-1]), 1e-300)
    values, vectors = values[there] + ridge * np.trace(covariance) / len(covariance), vectors[:, there]
    return vectors / np.sqrt(values), (vectors * np.sqrt(values)).T
