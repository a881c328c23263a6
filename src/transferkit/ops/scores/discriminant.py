"""Linear discriminants: items and class means where one covariance common to all classes is the identity.

Fisher 1936; Rao 1948. Within-class scatter W = sum_i u_i u_i', u an item less its class mean, is drawn towards the
identity,

    S = (1 - a) W / n + a mu I,     mu = tr W / (n d)

by Ledoit & Wolf's share a. What comes out, z = L^-1 x with L L' = S, makes squared distances those of Mahalanobis. Cost
O(n r^2) along the r principal axes; off them W is 0 and nothing differs between items, so the other d - r need no
arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from transferkit.ops.shrinkage import shrinkage

LEAST_SPREAD = 1e-6
"""Of the items' mean variance: what S keeps in every direction, where classes are single points for one."""


@dataclass(frozen=True, eq=False)
class Discriminant:
    """Items (n, r) and the means (C, r) of their classes, white within classes."""

    items: np.ndarray
    means: np.ndarray
    labels: np.ndarray
    """(n,) 0 ... C-1, every one of which occurs."""
    counts: np.ndarray
    """(C,) items a class."""
    share: float
    """Ledoit & Wolf's a, or the one that was given."""

    @classmethod
    def of(cls, coordinates: np.ndarray, labels: np.ndarray, d: int, share: float | None = None) -> Discriminant:
        """For items (n, r) along the axes in which they vary, out of d features; classes 0 ... C-1 must all occur."""
        n, r = coordinates.shape
        counts, means = class_means(coordinates, labels)
        inside = coordinates - means[labels]
        within = inside.T @ inside / n  # (r, r)
        lengths = np.einsum("nr,nr->n", inside, inside)
        if share is None:
            share = shrinkage(lengths, float(np.square(within).sum()), d)
        mu = float(lengths.mean()) / d
        least = LEAST_SPREAD * float(np.square(coordinates).sum()) / (n * r)
        common = (1 - share) * within
        common.flat[:: r + 1] += max(share * mu, least)
        root = linalg.cholesky(common, lower=True, check_finite=False)
        white = linalg.solve_triangular(root, np.concatenate([coordinates, means]).T, lower=True, check_finite=False).T
        return cls(white[:n], white[n:], labels, counts, share)

    def distances(self) -> np.ndarray:
        """(n, C) squared distance of each item from each class mean."""
        lengths = np.einsum("nr,nr->n", self.items, self.items)
        mean_lengths = np.einsum("cr,cr->c", self.means, self.means)
        squares: np.ndarray = lengths[:, None] + mean_lengths - 2 * self.items @ self.means.T
        return squares.clip(min=0.0)

    def log_priors(self, balanced: bool) -> np.ndarray:
        """(C,) log of the classes' shares, or of equal ones."""
        shares = np.ones(len(self.counts)) / len(self.counts) if balanced else self.counts / self.counts.sum()
        logs: np.ndarray = np.log(shares)
        return logs


def class_means(items: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Items a class (C,) and their means (C, r), for labels 0 ... C-1 that all occur."""
    counts = np.bincount(labels)
    order = np.argsort(labels, kind="stable")
    starts = np.cumsum(counts) - counts
    means: np.ndarray = np.add.reduceat(items[order], starts, axis=0) / counts[:, None]
    return counts, means
