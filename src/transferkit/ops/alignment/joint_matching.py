"""Transfer joint matching: components in which the domains have the same mean, made of few source items.

Long, Wang, Ding, Sun & Yu 2014, "Transfer joint matching for unsupervised domain adaptation", CVPR, equations 8-10 and
Algorithm 1. Components are K A with one row of A an item of both domains, of which those of the source that do not look
like the target are to be 0:

    min_A  tr(A'KMKA) + penalty (|A_s|_2,1 + |A_t|^2)   with  A'KHKA = I

by turns: the leading eigenvectors A of the pencil (KHK, KMK + penalty G), and G diagonal, 1 for an item of the target and
1 / (2 |a_i|) for one of the source. Three things differ. The length of a row depends on the kernel's scale and on the
number of items, and with it how much the norm counts beside the square of the target's: here the norm is multiplied by
2u, u the mean length of the source's rows in the first turn, so that a row of usual length counts as one of the target does
and the first turn is transfer component analysis. `sparsity` t mixes both,

    penalty (sum_s (1 - t) |a_i|^2 + 2 t u |a_i|  +  sum_t |a_j|^2),     so that t = 0 is transfer component analysis

and |a_i| is sqrt(|a_i|^2 + (u / 1000)^2): the paper sets G to 0 where a row is 0, which lets it come back for nothing and
the objective rise. Here it never does. As K = ZZ' with Z (n, r), A lies in the range of G^-1 Z, and a turn is a problem
of r directions: with a linear kernel no n x n matrix is made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transferkit.ops.alignment.components import MOST, leading_components, mean_gap, of_unit_variance, worth_keeping
from transferkit.ops.alignment.contract import Alignment, evenly
from transferkit.ops.alignment.design import Design, design
from transferkit.ops.feature_maps.kernel import KernelName

MOST_ITEMS = 500
"""Of a domain that components are made of, with a Gaussian kernel or of many features; the others go through the same map."""
MOST_FOR_LINEAR = 1000
"""The same with a linear one of at most so many features, whose problem has no more directions than these."""
SETTLED = 1e-4
"""Share by which the objective falls in a turn, below which there is no other."""
ALMOST_NONE = 1e-3
"""Of the usual length of a row, the length that counts as 0."""
UNUSED = 0.1
"""Of the usual length: a source item of a shorter row is said to be left out."""


@dataclass(frozen=True, eq=False)
class Matched:
    """What the turns ended with."""

    rows: np.ndarray
    """A (n, k), one row an item, A'KHKA = I."""
    kept: np.ndarray
    """(k,) True for components that tell items apart rather than domains."""
    usual: float
    """u, the mean length of a source item's row in the first turn."""
    objectives: tuple[float, ...]
    """After each turn; none is above the one before it."""


def joint_matching(
    source: np.ndarray,
    target: np.ndarray,
    *,
    n_components: int | None = None,
    penalty: float = 1.0,
    sparsity: float = 1.0,
    rounds: int = 10,
    kernel: KernelName = "linear",
    width: float | None = None,
) -> Alignment:
    """Source (n_s, d), target (n_t, d). `n_components`: None: 30 at most, without those that tell the domains apart.
    `penalty`: lambda. `sparsity`: t, 0 to 1. `width`: of the Gaussian kernel; None: by the median distance.

    >>> draw = np.random.default_rng(0)
    >>> joint_matching(draw.normal(size=(50, 3)), draw.normal(2, 1, size=(40, 3)), n_components=2).target.shape
    (40, 2)
    """
    most = MOST_ITEMS if kernel == "gaussian" or source.shape[1] > MOST_FOR_LINEAR else MOST_FOR_LINEAR
    fitted = source[evenly(len(source), most)], target[evenly(len(target), most)]
    made = design(np.concatenate(fitted), kernel, width)
    gap = mean_gap(*(np.ones(len(part), dtype=bool) for part in fitted))
    found = matched_components(
        square_root(made), gap, penalty=penalty, sparsity=sparsity, rounds=rounds, k=n_components or MOST
    )
    directions = _in_columns(made, found.rows if n_components else found.rows[:, found.kept])
    maps = (made.map(of_unit_variance(directions, made.scatter, len(gap))),)
    lengths = np.linalg.norm(found.rows[: len(fitted[0])], axis=1)
    left_out = float((lengths < UNUSED * found.usual).mean())
    return Alignment.by(
        source, target, maps, maps, n_components=directions.shape[1], source_items_left_out=round(left_out, 3)
    )


def matched_components(
    root: np.ndarray, gap: np.ndarray, *, penalty: float, sparsity: float, rounds: int, k: int
) -> Matched:
    """The turns. `root`: Z (n, r) with K = ZZ'; `gap`: e (n,) with M = ee', above 0 for items of the source.

    >>> root, gap = np.array([[1.0], [3.0], [2.0], [4.0]]), np.array([0.5, 0.5, -0.5, -0.5])
    >>> found = matched_components(root, gap, penalty=1.0, sparsity=1.0, rounds=5, k=1)
    >>> found.objectives[-1] <= found.objectives[0]
    True
    """
    of_source, centred = gap > 0, root - root.mean(0)
    scatter = centred.T @ centred  # Z'HZ, (r, r)
    weights, usual, objectives = np.ones(len(gap)), 0.0, list[float]()
    while True:
        basis, upper = np.linalg.qr(root / np.sqrt(weights)[:, None])  # G^-1/2 Z = QR
        gaps = upper @ (root.T @ gap)[:, None]
        directions, values = leading_components(upper @ scatter @ upper.T, gaps, penalty, k)
        rows = (basis @ (directions / np.sqrt(values))) / np.sqrt(weights)[:, None]  # A = G^-1/2 Q w
        lengths = np.linalg.norm(rows, axis=1)
        usual = usual or float(lengths[of_source].mean())
        smooth = np.hypot(lengths[of_source], ALMOST_NONE * usual)
        apart = float(np.square(gap @ root @ (root.T @ rows)).sum())
        sparse = (1 - sparsity) * np.square(lengths[of_source]) + 2 * sparsity * usual * smooth
        objectives.append(apart + penalty * float(sparse.sum() + np.square(lengths[~of_source]).sum()))
        settled = len(objectives) > 1 and objectives[-2] - objectives[-1] < SETTLED * objectives[-2]
        if settled or not sparsity or len(objectives) == rounds:
            return Matched(rows, worth_keeping(directions, gaps), usual, tuple(objectives))
        weights[of_source] = (1 - sparsity) + sparsity * usual / smooth


def square_root(made: Design) -> np.ndarray:
    """Z (n, r) of full rank with ZZ' the kernel matrix of the items."""
    if made.basis is not None:  # rows are U S^2 / s, and ZZ' = U (S^2 / s) U'
        halves: np.ndarray = made.rows / np.sqrt(np.linalg.norm(made.rows, axis=0))
        return halves
    values, vectors = np.linalg.eigh(made.rows)
    kept = values > len(values) * np.finfo(np.float64).eps * values[-1]
    return np.asarray(vectors[:, kept] * np.sqrt(values[kept]))


def _in_columns(made: Design, rows: np.ndarray) -> np.ndarray:
    """Directions w (r, k) in the design's columns for which its rows times w are K A, A (n, k)."""
    if made.basis is None:
        return rows
    return np.asarray((made.rows / np.linalg.norm(made.rows, axis=0)).T @ rows)
