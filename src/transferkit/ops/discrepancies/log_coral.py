"""Log-CORAL: the distance of two samples' covariances along the curved space that covariances live in.

    |log(C_x + r I) - log(C_y + r I)|^2 / (4 d^2),    log the matrix logarithm, |.| the Frobenius norm

Wang, Li, Dai & Van Gool 2017, arXiv:1707.09842: the log-Euclidean distance of Arsigny et al. 2006 in place of CORAL's. Ratios
of variances count instead of their differences, so directions of small variance matter as much as those of large. The ridge
r, a share of the samples' mean variance, keeps covariances of fewer items than columns above 0, and leaves the unit of all
features together without effect. The gradient is that of Daleckii & Krein 1965, finite where eigenvalues coincide,

    V (L o (V^T G V)) V^T,    L_ij = (log a_i - log a_j) / (a_i - a_j),  L_ii = 1 / a_i

where differentiating an eigendecomposition is not. Two eigendecompositions of d x d: O((n + m) d^2 + d^3).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from transferkit.ops.discrepancies.coral import centred, covariance
from transferkit.ops.discrepancies.two_samples import all_finite, finite_result, two_samples


def log_coral(x: Tensor, y: Tensor, *, ridge: float = 1e-3) -> Tensor:
    """Log-CORAL of x (n, d) and y (m, d), a scalar with its exact gradient; blind to means and to the unit of all columns.

    ridge: in units of the mean variance of both samples. 0 where neither sample varies.
    Raises ValueError for samples of different width, of fewer than 2 items or with values that are not finite.

    >>> x = torch.tensor([[0.0], [2.0]])
    >>> round(float(log_coral(x, 2 * x, ridge=1e-6)), 4), float(log_coral(x, x + 5))
    (0.4805, 0.0)
    """
    two_samples(x, y)
    all_finite(x, y)
    if not ridge > 0:
        raise ValueError(f"ridge {ridge} must be above 0")
    d = x.shape[1]
    with torch.autocast(x.device.type, enabled=False):
        of_x, of_y = covariance(centred(x)), covariance(centred(y))
        scale = (of_x.trace() + of_y.trace()) / (2 * d)
        if not float(scale.detach()) > torch.finfo(torch.float32).tiny:
            return (scale * 0).to(x.dtype)
        lift = ridge * scale * torch.eye(d, dtype=of_x.dtype, device=x.device)
        apart = _logarithm(of_x + lift) - _logarithm(of_y + lift)
        return finite_result((apart.square().sum() / (4 * d * d)).to(x.dtype), x, y)


def _logarithm(matrix: Tensor) -> Tensor:
    """The logarithm of a symmetric positive matrix (d, d)."""
    result: Tensor = _Logarithm.apply(matrix)  # type: ignore[no-untyped-call]
    return result


class _Logarithm(torch.autograd.Function):
    """Matrix logarithm by eigenvalues, with the gradient of Daleckii & Krein."""

    @staticmethod
    def forward(ctx: Any, matrix: Tensor) -> Tensor:
        values, vectors = torch.linalg.eigh(matrix)
        # rounding may leave what is nearly 0 below it
        values = values.clamp(min=float(values[-1]) * torch.finfo(values.dtype).eps)
        ctx.save_for_backward(values, vectors)
        logarithm: Tensor = (vectors * values.log()) @ vectors.mT
        return logarithm

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # type: ignore[override]
        values, vectors = ctx.saved_tensors
        larger, smaller = torch.maximum(values[:, None], values), torch.minimum(values[:, None], values)
        excess = (larger - smaller) / smaller
        # log1p(e) / e / smaller: exact however close the two are
        slopes = torch.where(excess > 0, torch.log1p(excess) / excess, 1) / smaller
        moved: Tensor = vectors @ (slopes * (vectors.mT @ grad @ vectors)) @ vectors.mT
        return moved
