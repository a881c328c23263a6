"""Transfer component analysis, plain and semi-supervised.

Pan, Tsang, Kwok & Yang 2011, "Domain adaptation via transfer component analysis", IEEE TNN 22(2). Equation 9:

    min_W  tr(W'KLKW) + mu tr(W'W)   with  W'KHKW = I

whose solutions are the leading eigenvectors of (KLK + mu I)^-1 KHK; L = ee' with e'f the difference of the domains'
means of f. Semi-supervised (section IV, equations 17-18): dependence on the labels takes the place of variance, and
neighbours are kept together:

    leading eigenvectors of (K (L + lambda G) K + mu I)^-1 K H Kyy H K,   Kyy = gamma [y_i = y_j, both known] + (1 - gamma) I

with G the Laplacian of the graph of nearest neighbours over n^2. Components are scaled to variance 1 over the fitted items.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.alignment.components import MOST, leading_components, mean_gap, of_unit_variance, worth_keeping
from transferkit.ops.alignment.contract import Alignment, evenly
from transferkit.ops.alignment.design import design
from transferkit.ops.feature_maps.kernel import KernelName

MOST_ITEMS = 1000
"""Of a domain that components are found from; the others go through the same map."""


def transfer_components(
    source: np.ndarray,
    target: np.ndarray,
    *,
    n_components: int | None = None,
    penalty: float = 1.0,
    kernel: KernelName = "gaussian",
    width: float | None = None,
) -> Alignment:
    """Source (n_s, d), target (n_t, d). `n_components`: None: 30 at most, without those that tell the domains apart.
    `penalty`: mu. `width`: of the Gaussian kernel; None: by the median distance.

    >>> draw = np.random.default_rng(0)
    >>> transfer_components(draw.normal(size=(50, 3)), draw.normal(2, 1, size=(40, 3)), n_components=5).target.shape
    (40, 5)
    """
    fitted = source[evenly(len(source), MOST_ITEMS)], target[evenly(len(target), MOST_ITEMS)]
    both = np.concatenate(fitted)
    made = design(both, kernel, width)
    gap = mean_gap(*(np.ones(len(part), dtype=bool) for part in fitted))
    scatter = made.scatter
    gaps = (made.rows.T @ gap)[:, None]
    directions, _ = leading_components(scatter, gaps, penalty, n_components or MOST)
    if n_components is None:
        directions = directions[:, worth_keeping(directions, gaps)]
    maps = (made.map(of_unit_variance(directions, scatter, len(both))),)
    return Alignment.by(source, target, maps, maps, n_components=directions.shape[1])


def labelled_components(
    source: np.ndarray,
    target: np.ndarray,
    source_classes: np.ndarray,
    target_classes: np.ndarray,
    *,
    n_components: int | None = None,
    penalty: float = 1.0,
    label_share: float = 0.5,
    neighbours: int = 10,
    manifold: float = 10.0,
    kernel: KernelName = "gaussian",
    width: float | None = None,
) -> Alignment:
    """The semi-supervised form. Classes (n_s,) and (n_t,) int, -1 where a target item has none.

    `label_share`: gamma. `manifold`: lambda, and `neighbours` of each item in the graph; 0: none is kept together.

    >>> draw = np.random.default_rng(0)
    >>> items, classes = draw.normal(size=(50, 3)), np.arange(50) % 2
    >>> labelled_components(items, items + 1, classes, np.full(50, -1), n_components=4).source.shape
    (50, 4)
    """
    from scipy import linalg

    chosen = evenly(len(source), MOST_ITEMS), evenly(len(target), MOST_ITEMS)
    both = np.concatenate([source[chosen[0]], target[chosen[1]]])
    classes = np.concatenate([source_classes[chosen[0]], target_classes[chosen[1]]])
    made = design(both, kernel, width)
    rows, n = made.rows, len(both)
    gap = mean_gap(*(np.ones(len(part), dtype=bool) for part in chosen))
    apart = np.outer(gap, gap) + (manifold / n**2) * laplacian(both, neighbours) if manifold else np.outer(gap, gap)
    known = np.unique(classes[classes >= 0])
    one_hot = (classes[:, None] == known).astype(np.float64)
    centred = rows - rows.mean(0)
    told = centred.T @ one_hot
    wanted = label_share * told @ told.T + (1 - label_share) * centred.T @ centred
    bound = rows.T @ apart @ rows + penalty * np.eye(rows.shape[1])
    k = min(n_components or MOST, rows.shape[1])
    values, directions = linalg.eigh(wanted, bound, subset_by_index=[rows.shape[1] - k, rows.shape[1] - 1])
    directions = directions[:, values > n * np.finfo(np.float64).eps * values[-1]][:, ::-1]
    if n_components is None:
        directions = directions[:, worth_keeping(directions, (rows.T @ gap)[:, None])]
    maps = (made.map(of_unit_variance(directions, made.scatter, n)),)
    return Alignment.by(source, target, maps, maps, n_components=directions.shape[1])


def laplacian(items: np.ndarray, neighbours: int) -> np.ndarray:
    """(n, n) D - A of the graph that joins each of items (n, d) with its nearest neighbours, A_ij = exp(-d2 / s) with
    s the mean squared distance of neighbours.

    >>> laplacian(np.array([[0.0], [1.0], [5.0]]), 1).round(2).tolist()
    [[0.85, -0.85, 0.0], [-0.85, 0.92, -0.07], [0.0, -0.07, 0.07]]
    """
    from scipy.spatial.distance import cdist

    squares = cdist(items, items, "sqeuclidean")
    np.fill_diagonal(squares, np.inf)
    k = min(neighbours, len(items) - 1)
    near = np.argpartition(squares, k - 1, axis=1)[:, :k]
    joined = np.zeros(squares.shape, dtype=bool)
    np.put_along_axis(joined, near, True, axis=1)
    scale = float(np.take_along_axis(squares, near, axis=1).mean())
    joined |= joined.T
    heat = np.where(joined, np.exp(-np.where(joined, squares, 0.0) / (scale or 1.0)), 0.0)
    return np.asarray(np.diag(heat.sum(1)) - heat)
