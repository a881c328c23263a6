"""Design: the table that component methods work on - items in a kernel's feature space - and the map that gives it
for new items.

A method finds directions w (r, k) in the columns of `rows` (n, r); a new item's components are its row of the same
columns times w. With a Gaussian kernel a row holds the kernel's values with all n items, and w are the weights W of
the papers' K W. A linear kernel has no more than d such directions, so that n x n matrices are not needed: with X = U
S V',

    dual:    rows = X V S / s, which times w is K W for K = X X' / s and W = U w, whose |W| is the least that gives this;
             s the mean squared length of an item
    primal:  rows = X, or X V where items are fewer than features; what is penalised is the direction in the features themselves
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from transferkit.ops.feature_maps.affine import Affine
from transferkit.ops.feature_maps.contract import FeatureMap
from transferkit.ops.feature_maps.kernel import Kernel, KernelName, kernel_matrix


@dataclass(frozen=True, eq=False)
class Design:
    """n items, in r columns."""

    rows: np.ndarray
    """(n, r)"""
    anchors: np.ndarray | None
    """(n, d) the items themselves, where the kernel is Gaussian."""
    width: float
    """Of the Gaussian: 1 / (2 sigma^2)."""
    basis: np.ndarray | None
    """(d, r) where the kernel is linear: rows = items @ basis."""

    def map(self, directions: np.ndarray) -> FeatureMap:
        """Items (n, d) -> components (n, k) in directions (r, k), of mean 0 over the fitted items."""
        means = self.rows.mean(0)
        if self.basis is not None:
            return Affine(self.basis @ directions, -means @ directions)
        assert self.anchors is not None
        return Kernel(self.anchors, directions, means, "gaussian", self.width)

    @property
    def scatter(self) -> np.ndarray:
        """(r, r) Z'HZ: the rows' squares and products about their mean, H = I - 11'/n."""
        centred = self.rows - self.rows.mean(0)
        products: np.ndarray = centred.T @ centred
        return products


def design(
    items: np.ndarray,
    kernel: KernelName = "gaussian",
    width: float | None = None,
    form: Literal["dual", "primal"] = "dual",
) -> Design:
    """Of items (n, d). `width`: of the Gaussian; None: 1 / the median squared distance of two items. `form`: of the
    linear kernel."""
    if kernel == "gaussian":
        width = median_width(items) if width is None else width
        return Design(kernel_matrix(items, items, "gaussian", width), items, width, None)
    n, d = items.shape
    if form == "primal" and d <= n:
        return Design(items, None, 0.0, np.eye(d))
    squares, vectors = np.linalg.eigh(items @ items.T if n < d else items.T @ items)
    kept = squares > max(n, d) * np.finfo(np.float64).eps * squares[-1]
    squares, vectors = squares[kept], vectors[:, kept]
    right = items.T @ (vectors / np.sqrt(squares)) if n < d else vectors  # V, (d, r)
    basis = right if form == "primal" else right * np.sqrt(squares) * n / squares.sum()
    return Design(items @ basis, None, 0.0, basis)


def median_width(items: np.ndarray) -> float:
    """1 / the median squared distance of two different items of (n, d); ValueError where that is 0.

    >>> round(median_width(np.array([[0.0], [1.0], [3.0]])), 4)
    0.25
    """
    from scipy.spatial.distance import pdist

    median = float(np.median(pdist(items, "sqeuclidean")))
    if not median > 0:
        raise ValueError(
            "the median distance of two items is 0, which leaves a kernel without a bandwidth; give width="
        )
    return 1 / median
