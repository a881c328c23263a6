"""CORAL: the distance of two samples' second moments.

    CORAL = |C_x - C_y|^2 / (4 d^2),    C the covariance with divisor n - 1, |.| the Frobenius norm

Sun & Saenko 2016, arXiv:1607.01719 (Deep CORAL), equations 1-3. With fewer items than columns the d x d covariances are not
made: with S = [X; Y] the centred samples stacked and s_i = 1 / (n - 1) for items of x, -1 / (m - 1) for those of y,
|C_x - C_y|^2 = sum_ij s_i s_j (S S^T)_ij^2, O((n + m)^2 d) instead of O((n + m) d^2).
"""

from __future__ import annotations

import torch
from torch import Tensor

from transferkit.ops.discrepancies.two_samples import finite_result, two_samples, working_dtype


def coral(x: Tensor, y: Tensor) -> Tensor:
    """CORAL of x (n, d) and y (m, d), a scalar with its exact gradient; blind to means, 0 where the covariances agree.

    Raises ValueError for samples of different width, of fewer than 2 items or with values that are not finite.

    >>> x = torch.tensor([[0.0], [2.0]])
    >>> float(coral(x, 2 * x)), float(coral(x, x + 5))
    (9.0, 0.0)
    """
    two_samples(x, y)
    n, m, d = len(x), len(y), x.shape[1]
    with torch.autocast(x.device.type, enabled=False):
        x_centred, y_centred = centred(x), centred(y)
        if n + m >= d:
            apart = covariance(x_centred) - covariance(y_centred)
            squared = apart.square().sum()
        else:
            both = torch.cat([x_centred, y_centred])
            signs = torch.cat([both.new_full((n,), 1 / (n - 1)), both.new_full((m,), -1 / (m - 1))])
            squared = ((both @ both.mT).square() * signs[:, None] * signs).sum().clamp(min=0)
        return finite_result((squared / (4 * d * d)).to(x.dtype), x, y)


def centred(sample: Tensor) -> Tensor:
    """(n, d) the items less their mean, in working precision."""
    sample = sample.to(working_dtype(sample))
    return sample - sample.mean(dim=0)


def covariance(items: Tensor) -> Tensor:
    """(d, d) of centred items (n, d), with divisor n - 1."""
    return items.mT @ items / (len(items) - 1)
