"""Gradient reversal: the same values, and a gradient of opposite sign.

Ganin & Lempitsky 2015, arXiv:1409.7495, eq. 9-10: R(x) = x, dR/dx = -strength I. What comes after learns to lower the loss,
what comes before to raise it, in one step.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def reversed_gradient(values: Tensor, strength: float = 1.0) -> Tensor:
    """`values` as they are; their gradient is multiplied by -`strength`.

    >>> x = torch.ones(2, requires_grad=True)
    >>> reversed_gradient(x, 0.5).sum().backward()
    >>> x.grad
    tensor([-0.5000, -0.5000])
    """
    result: Tensor = _Reversal.apply(values, strength)  # type: ignore[no-untyped-call]
    return result


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, strength: float) -> Tensor:
        ctx.strength = strength
        return values.view_as(values)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        return -ctx.strength * grad, None
