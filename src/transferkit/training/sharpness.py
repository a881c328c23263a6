"""Sharpness-aware minimisation: the gradient is taken where the loss is highest nearby.

Foret, Kleiner, Mobahi & Neyshabur 2021, arXiv:2010.01412, Alg. 1: epsilon = rho g / ||g||, the step uses the gradient at
w + epsilon. Twice the cost of a plain step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def uphill(parameters: Sequence[nn.Parameter], radius: float) -> Iterator[None]:
    """The parameters stand `radius` further along their gradient inside, and where they were afterwards."""
    moving = [p for p in parameters if p.grad is not None]
    before = [p.detach().clone() for p in moving]
    with torch.no_grad():
        gradients = [p.grad for p in moving if p.grad is not None]
        length = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients]))
        for parameter, gradient in zip(moving, gradients, strict=True):
            parameter.add_(gradient, alpha=float(radius / (length + 1e-12)))
    try:
        yield
    finally:
        with torch.no_grad():
            for parameter, value in zip(moving, before, strict=True):
                parameter.copy_(value)
