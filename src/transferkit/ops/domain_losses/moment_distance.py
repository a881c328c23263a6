"""Moment distance: how far the moments of several samples' features lie apart.

Peng et al. 2019, arXiv:1812.01754, eq. 1 (M3SDA): with m_k the mean of the k-th powers of a sample's features,

    L = sum_k ( 1/N sum_i |m_k(S_i) - m_k(T)|  +  2/(N (N - 1)) sum_(i < j) |m_k(S_i) - m_k(S_j)| )

of N sources S_i and a target T, k = 1..2, |.| the Euclidean length.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor


def moment_distance(sources: Sequence[Tensor], target: Tensor, orders: int = 2) -> Tensor:
    """L of the features (n_i, d) of one source or several and of the target (m, d); 0 where all moments agree.

    >>> at_0, at_3 = torch.zeros(2, 4), torch.full((2, 4), 3.0)
    >>> float(moment_distance([at_0, at_0], at_3, orders=1)), float(moment_distance([at_3, at_3], at_3))
    (6.0, 0.0)
    """
    total = target.new_zeros(())
    for order in range(1, orders + 1):
        moments = [sample.pow(order).mean(dim=0) for sample in sources]
        of_target = target.pow(order).mean(dim=0)
        total = total + torch.stack([_length(moment - of_target) for moment in moments]).mean()
        if len(moments) > 1:
            pairs = [_length(first - second) for first, second in combinations(moments, 2)]
            total = total + torch.stack(pairs).mean()
    return total


def _length(vector: Tensor) -> Tensor:
    """The Euclidean length, with gradient 0 where it is 0."""
    squared = vector.square().sum()
    return torch.where(squared > 0, squared.clamp_min(torch.finfo(vector.dtype).tiny), 1.0).sqrt() * (squared > 0)
