"""Principal axes: a table of items in the directions along which they vary, factorised once for all that need it.

The eigenvectors are those of the smaller of X'X and XX' (X the table less its mean), in float64 whatever the table's own
precision, and their number is the table's rank. Squaring costs half the digits: a direction whose spread is below
sqrt(max(n, d) eps) of the largest one's, some 1e-6, cannot be told from rounding and is left out.

Cost O(n d min(n, d)) time, O(min(n, d)^2) memory beside the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import linalg

BLOCK = 4096
"""Rows that are made float64 at a time."""


@dataclass(frozen=True, eq=False)
class Products:
    """Items (n, d) about their mean, multiplied out on their smaller side."""

    table: np.ndarray
    """(n, d) the items as they were given."""
    weights: np.ndarray
    """(n,) how much each item counts, of mean 1."""
    mean: np.ndarray
    """(d,) weighted."""
    distances: np.ndarray
    """(n,) squared distance of each item from the mean."""
    products: np.ndarray
    """X'X (d, d) where n > d and XX' (n, n) otherwise, for X the weighted items about the mean."""

    @classmethod
    def of(cls, table: np.ndarray, weights: np.ndarray | None = None) -> Products:
        """Multiply finite items (n, d) out, with weights (n,) of mean 1 above 0, if any."""
        n, d = table.shape
        roots = None if weights is None else np.sqrt(weights)[:, None]
        weights = np.ones(n) if weights is None else weights
        mean = np.sum([weights[rows] @ block for rows, block in blocks(table)], axis=0) / n
        products, distances = np.zeros((min(n, d),) * 2), np.empty(n)
        if n <= d:
            centred = table - mean
            distances = np.einsum("nd,nd->n", centred, centred)
            centred = centred if roots is None else centred * roots
            products = centred @ centred.T
        else:
            for rows, block in blocks(table, mean):
                np.einsum("nd,nd->n", block, block, out=distances[rows])
                block = block if roots is None else block * roots[rows]
                products += block.T @ block
        if not 0 < np.trace(products) < np.inf:
            raise ValueError("the features are too large or too small for their squares")
        return cls(table, weights, mean, distances, products)


@dataclass(frozen=True, eq=False)
class PrincipalAxes:
    """Items (n, d) about their mean, along the r axes of their variation; unweighted, every score takes it in place of them.

    >>> axes = PrincipalAxes.of(np.array([[3.0, 4.0, 0.0], [6.0, 8.0, 0.0], [0.0, 0.0, 0.0]]))
    >>> np.round(axes.squares, 9), np.round(np.abs(axes.coordinates[:, 0]), 9)
    (array([50.]), array([0., 5., 5.]))
    """

    table: np.ndarray
    """(n, d) the items as they were given."""
    weights: np.ndarray
    """(n,) how much each item counts, of mean 1."""
    mean: np.ndarray
    """(d,) weighted."""
    distances: np.ndarray
    """(n,) squared distance of each item from the mean."""
    squares: np.ndarray
    """(r,) weighted sum of squares along each axis, ascending, all above 0; r is the rank."""
    vectors: np.ndarray
    """Unit vectors: the axes (d, r) where n > d, and otherwise the weighted items along them (n, r)."""

    @classmethod
    def of(cls, table: np.ndarray, weights: np.ndarray | None = None) -> PrincipalAxes:
        """Factorise finite items (n, d), with weights (n,) of mean 1 above 0, if any."""
        given = Products.of(table, weights)
        squares, vectors = linalg.eigh(given.products, driver="evd", overwrite_a=True, check_finite=False)
        varies = squares > max(table.shape) * np.finfo(np.float64).eps * squares[-1]
        return cls(table, given.weights, given.mean, given.distances, squares[varies], vectors[:, varies])

    def __len__(self) -> int:
        """The number of items."""
        return len(self.table)

    @cached_property
    def coordinates(self) -> np.ndarray:
        """(n, r) every item along the axes; their products are those of the items about the mean."""
        n, d = self.table.shape
        if n <= d:
            unweighted: np.ndarray = self.vectors * np.sqrt(self.squares) / np.sqrt(self.weights[:, None])
            return unweighted
        coordinates = np.empty((n, len(self.squares)))
        for rows, block in blocks(self.table, self.mean):
            coordinates[rows] = block @ self.vectors
        return coordinates

    def sums(self, targets: Any) -> np.ndarray:
        """(r, k) sum over the items of coordinates times targets (n, k), which may be a sparse matrix."""
        n, d = self.table.shape
        if n <= d:
            along: np.ndarray = (targets.T @ self.coordinates).T
            return along
        of_products: np.ndarray = self.vectors.T @ summed(self.table, self.mean, targets).T
        return of_products

    def along(self, points: np.ndarray) -> np.ndarray:
        """(k, r) points (k, d) along the axes, taken as they are and not from the mean."""
        n, d = self.table.shape
        along: np.ndarray
        if n > d:
            along = points @ self.vectors
        else:
            centred = (self.table - self.mean) * np.sqrt(self.weights[:, None])
            along = (points @ centred.T) @ self.vectors / np.sqrt(self.squares)
        return along


def summed(table: np.ndarray, mean: np.ndarray, targets: Any) -> np.ndarray:
    """(k, d) sum over the items (n, d), less their mean, times targets (n, k), which may be a sparse matrix."""
    products = np.zeros((targets.shape[1], table.shape[1]))
    for rows, block in blocks(table, mean):
        products += targets[rows].T @ block
    return products


def blocks(table: np.ndarray, mean: np.ndarray | float = 0.0) -> Iterator[tuple[slice, np.ndarray]]:
    """Rows and their items less the mean, in float64, copies all."""
    for start in range(0, len(table), BLOCK):
        rows = slice(start, min(start + BLOCK, len(table)))
        yield rows, table[rows].astype(np.float64) - mean
