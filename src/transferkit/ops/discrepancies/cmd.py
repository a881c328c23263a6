"""CMD: the central moment discrepancy, moment by moment and column by column.

    CMD = |mean_x - mean_y| / span  +  sum over k = 2 ... K of |c_k(x) - c_k(y)| / span^k,    c_k = E (x - mean_x)^k per column

Zellinger et al. 2017, arXiv:1702.08811, definition 2, |.| the Euclidean norm; K = 5 as they found enough. O((n + m) d K).
"""

from __future__ import annotations

from torch import Tensor
from torch.linalg import vector_norm

from transferkit.ops.discrepancies.two_samples import finite_result, two_samples, working_dtype


def cmd(x: Tensor, y: Tensor, *, moments: int = 5, span: float = 1.0) -> Tensor:
    """CMD of x (n, d) and y (m, d), a scalar with its gradient, 0 where a moment agrees.

    span: the length of the interval that features lie in, e.g. 1 after a sigmoid and 2 after a tanh. Unbounded features
    (ReLU) make high moments dominate: squash them first, or take fewer moments.
    Raises ValueError for samples of different width, of fewer than 2 items or with values that are not finite.

    >>> import torch
    >>> x = torch.tensor([[0.0], [1.0]])
    >>> float(cmd(x, x)), float(cmd(x, x + 3)), float(cmd(x, x + 3, span=6))
    (0.0, 3.0, 0.5)
    """
    two_samples(x, y)
    if moments < 1 or not span > 0:
        raise ValueError(f"{moments} moments over a span of {span}; expected at least 1, and a length above 0")
    dtype = working_dtype(x)
    x_mean, y_mean = x.to(dtype).mean(dim=0), y.to(dtype).mean(dim=0)
    x_apart, y_apart = (x - x_mean) / span, (y - y_mean) / span
    total = vector_norm((x_mean - y_mean) / span)
    x_power, y_power = x_apart, y_apart
    for _ in range(2, moments + 1):
        x_power, y_power = x_power * x_apart, y_power * y_apart
        total = total + vector_norm(x_power.mean(dim=0) - y_power.mean(dim=0))
    return finite_result(total.to(x.dtype), x, y)
