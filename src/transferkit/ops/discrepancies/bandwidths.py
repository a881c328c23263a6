"""Bandwidths: how wide a kernel is, by what the samples themselves suggest.

The mean rule (Long et al. 2015, arXiv:1502.02791, as released since): for the Gaussian exp(-d2 / (2 s^2)) the family

    2 s^2 = factor * mean squared distance of two different items of both samples together,   factor = 1/4, 1/2, 1, 2, 4

which covers what one width would miss and costs one exponential, its members being powers of each other. The mean over all
pairs needs none of them, sum_(i != j) |z_i - z_j|^2 = 2 N sum_i |z_i - mean|^2, so it is exact at O(N d). The median of the
distances (Gretton et al. 2012, JMLR 13) is less moved by outliers and looks at every pair. Neither has a gradient: a width that
follows the samples would let a network shrink its features instead of matching them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from transferkit.ops.discrepancies.two_samples import all_finite, finite_result, working_dtype

FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Of 2 s^2 to the mean squared distance."""
CHUNK = 4096
"""Items at a time, so that no copy of a whole sample is made."""


def mean_square_distance(x: Tensor, y: Tensor) -> float:
    """The mean of |z_i - z_j|^2 over all pairs of different items of x (n, d) and y (m, d) together.

    >>> mean_square_distance(torch.tensor([[0.0], [1.0]]), torch.tensor([[3.0]]))
    4.666...
    """
    with torch.no_grad():
        total, dtype = len(x) + len(y), working_dtype(x)
        centre = (x.sum(dim=0, dtype=dtype) + y.sum(dim=0, dtype=dtype)) / total
        parts = (*torch.split(x, CHUNK), *torch.split(y, CHUNK))
        squares = torch.stack([torch.linalg.vector_norm(part - centre).square() for part in parts]).sum()
        return 2 * float(finite_result(squares, x, y)) / (total - 1)


def mean_bandwidths(x: Tensor, y: Tensor, factors: Sequence[float] = FACTORS) -> tuple[float, ...]:
    """Widths s of the mean rule for x (n, d) and y (m, d), one a factor; (1,) where all items are alike and any width does."""
    scale = mean_square_distance(x, y)
    if not scale > torch.finfo(torch.float32).tiny:
        return (1.0,)
    return tuple(math.sqrt(factor * scale / 2) for factor in factors)


def median_bandwidths(x: Tensor, y: Tensor, factors: Sequence[float] = FACTORS) -> tuple[float, ...]:
    """Widths s with s^2 = factor * the median squared distance of two different items; for some thousand items at most."""
    all_finite(x, y)
    with torch.no_grad():
        both = torch.cat([x, y]).to(working_dtype(x))
        scale = float(torch.nn.functional.pdist(both).median()) ** 2
    if not scale > torch.finfo(torch.float32).tiny:
        raise ValueError("the median distance is 0: most items are alike; name the bandwidths, or use the mean rule")
    return tuple(math.sqrt(factor * scale) for factor in factors)


def checked_bandwidths(bandwidths: Sequence[float]) -> tuple[float, ...]:
    """The bandwidths as plain numbers; ValueError where one is not above 0."""
    widths = tuple(float(width) for width in bandwidths)
    if not widths:
        raise ValueError("no bandwidth is given; expected at least one, or None to choose them")
    for width in widths:
        if not (width > 0 and 0 < width**2 < math.inf and 0.5 / width**2 < math.inf):
            raise ValueError(f"bandwidth {width} cannot be used; expected a number above 0, in the features' unit")
    return widths
