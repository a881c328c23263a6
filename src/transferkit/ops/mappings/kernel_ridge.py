"""Kernel ridge: a smooth f that bends, from one feature space to another.

    f(x) = mean(y) + sum_i k(x, x_i) c_i,   c = (K + penalty W^-1)^-1 (y - mean(y)),   k(x, x') = exp(-width |x - x'|^2)

Saunders, Gammerman & Vovk 1998. Width and penalty are those under which pairs that were left out are met best, by the
exact leave-one-out errors c_i / ((K + penalty W^-1)^-1)_ii of one eigendecomposition a width.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.feature_maps.affine import Affine
from transferkit.ops.feature_maps.kernel import Kernel, kernel_matrix
from transferkit.ops.mappings.pairs import checked_pairs
from transferkit.ops.mappings.space_map import SpaceMap

PENALTIES = np.logspace(-4, 2, 13)
WIDTHS = (0.1, 0.3, 1.0, 3.0)
"""In units of 1 / the median squared distance of two rows."""
MOST_PAIRS = 2000
"""More are thinned evenly: time grows with their cube."""


def kernel_ridge(
    x: np.ndarray,
    y: np.ndarray,
    penalty: float | None = None,
    width: float | None = None,
    weights: np.ndarray | None = None,
) -> SpaceMap:
    """The map of Gaussian kernel ridge from x (n, d) to y (n, k), row i of one belonging to row i of the other.

    `penalty`, `width`: None chooses. Bends only near the pairs: far from them it gives the mean of y. Give features
    on one scale.

    >>> x = np.linspace(0, 3, 40)[:, None]
    >>> bool(abs(kernel_ridge(x, np.sin(x))(np.array([[1.51]])) - np.sin(1.51)) < 0.01)
    True
    """
    x, y, weights = checked_pairs(x, y, weights)
    for name, value in (("penalty", penalty), ("width", width)):
        if value is not None and not value > 0:
            raise ValueError(f"{name} {value} must be above 0, or None to choose it")
    notes: tuple[str, ...] = ()
    if len(x) > MOST_PAIRS:
        notes = (f"the kernel map has {MOST_PAIRS} of {len(x)} pairs, evenly thinned",)
        kept = np.linspace(0, len(x) - 1, MOST_PAIRS).round().astype(int)
        x, y, weights = x[kept], y[kept], weights[kept] / weights[kept].mean()
    mean = weights @ y / len(y)
    root = np.sqrt(weights)
    best, lowest = (1.0, 1.0, np.zeros_like(y)), np.inf
    for candidate in (width,) if width is not None else tuple(np.array(WIDTHS) / _median_square(x)):
        gram = kernel_matrix(x, x, "gaussian", candidate) * root[:, None] * root
        values, vectors = np.linalg.eigh(gram)
        projected = vectors.T @ ((y - mean) * root[:, None])
        for strength in (penalty,) if penalty is not None else PENALTIES:
            inverse = 1 / (np.maximum(values, 0.0) + strength)
            scaled = vectors @ (inverse[:, None] * projected)  # (n, k): c / sqrt(w)
            diagonal = np.square(vectors) @ inverse
            error = float(np.square(scaled / diagonal[:, None]).sum() / len(x))  # sum_i w_i |left-out error_i|^2 / n
            if error < lowest:
                best, lowest = (float(strength), float(candidate), scaled * root[:, None]), error
    chosen = {"penalty": best[0], "width": best[1], "left_out_error": lowest}
    bent = Kernel(x, best[2], np.zeros(len(x)), "gaussian", best[1])
    return SpaceMap((bent, Affine(np.eye(y.shape[1]), mean)), chosen, notes)


def _median_square(x: np.ndarray) -> float:
    """Of two different rows, over at most 500 of them; 1 where all are alike."""
    some = x[np.linspace(0, len(x) - 1, min(len(x), 500)).round().astype(int)]
    norms = np.square(some).sum(1)
    squares = np.maximum(norms[:, None] + norms - 2 * some @ some.T, 0.0)[np.triu_indices(len(some), 1)]
    median = float(np.median(squares))
    return median if median > 1e-12 * (1 + float(norms.mean())) else 1.0
