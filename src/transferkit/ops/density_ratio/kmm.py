"""Kernel mean matching: weights under which the source's mean in a kernel's feature space is that of the target.

Huang, Smola, Gretton, Borgwardt & Schölkopf 2007 (NIPS 19), equation 5. With K the Gaussian kernel among source items
and k_i = n_s / n_t sum_j k(x_i, t_j),

    minimise 1/2 b' K b - k' b      with 0 <= b_i <= most and |sum b - n_s| <= n_s slack

Solved by an interior point method (`ops/box_program.py`), all items at once; common code cuts the
source into random batches from 1 000 items on. Cost O(n_s^3) up to `EXACT` items; beyond, K is its pivoted Cholesky
factor of rank `RANK` plus the diagonal that this leaves out, and the cost O(n_s RANK^2).
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.box_program import dense_in_box, low_rank_in_box
from transferkit.ops.density_ratio.two_domains import gaussian, median_distance, two_domains

EXACT = 2500
RANK = 400
BLOCK = 2_000_000
"""Numbers of a kernel that are held at once beside the source's own."""


def kmm(
    source: np.ndarray,
    target: np.ndarray,
    *,
    width: float | None = None,
    most: float = 1000.0,
    slack: float | None = None,
) -> np.ndarray:
    """(n_s,) weights of source (n_s, d) for target (n_t, d).

    `width`: sigma of the Gaussian, None: the median distance. `most`: the largest weight. `slack`: how far their mean
    may be from 1, None: 1 - 1 / sqrt(n_s), as in the paper's experiments.

    >>> line = np.linspace(-1, 1, 9)[:, None]
    >>> weights = kmm(line, line[5:], width=0.5)
    >>> bool(weights[:3].max() < 0.1 < weights[6])
    True
    """
    source, target = two_domains(source, target)
    if width is not None and not width > 0:
        raise ValueError(f"width={width} must be above 0")
    width = width or median_distance(source, target)
    n = len(source)
    slack = 1 - n**-0.5 if slack is None else slack
    rows = max(1, BLOCK // len(target))
    pull = np.concatenate([gaussian(source[i : i + rows], target, width).sum(1) for i in range(0, n, rows)])
    pull *= n / len(target)
    total = (n * (1 - slack), n * (1 + slack))
    if n <= EXACT:
        return dense_in_box(gaussian(source, source, width), pull, most, total)
    return low_rank_in_box(*_pivoted_cholesky(source, width), pull, most, total)


def _pivoted_cholesky(source: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Factor (n, r) and the diagonal (n,) of K - L L': the item explained least is taken next."""
    left = np.ones(len(source))
    factor = np.zeros((len(source), RANK))
    for step in range(RANK):
        pivot = int(left.argmax())
        if left[pivot] < 1e-10:
            return factor[:, :step], left
        column = gaussian(source, source[pivot : pivot + 1], width)[:, 0] - factor[:, :step] @ factor[pivot, :step]
        factor[:, step] = column / np.sqrt(left[pivot])
        left = np.maximum(left - factor[:, step] ** 2, 0.0)
        left[pivot] = 0.0
    return factor, left
