"""Kernels: functions of the squared distance of two items, each with its slope there.

A kernel takes squared distances (n, m), which it may overwrite, and gives

    values   k(d2)            (n, m)
    slopes   -dk / d(d2)      (n, m), where they are wanted

A family is the sum of one kernel over several bandwidths (Gretton et al. 2012, NeurIPS: "Optimal kernel choice"; Long et al.
2015, arXiv:1502.02791). Where its bandwidths differ by powers of two, one exponential a pair is enough: the next member is the
last one squared, exp(-2 r d2) = exp(-r d2)^2.
"""

from __future__ import annotations

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

MOST_SQUARINGS = 6
"""In a row; each doubles the relative error of the last exponential."""


class Kernel(ABC):
    """A function of the squared distance."""

    steep: ClassVar[bool] = False
    """Whether the slope grows without bound towards 0, where rounding would pass for a gradient."""

    @property
    @abstractmethod
    def at_zero(self) -> float:
        """Its value for two items that are alike."""

    @abstractmethod
    def __call__(self, squares: Tensor, slopes: bool) -> tuple[Tensor, Tensor | None]:
        """Values and, where `slopes`, slopes for squared distances (n, m), which are used up."""


@dataclass(frozen=True)
class Gaussian(Kernel):
    """Sum over bandwidths s of exp(-d2 / (2 s^2))."""

    bandwidths: tuple[float, ...]

    @property
    def at_zero(self) -> float:
        return float(len(self.bandwidths))

    def __call__(self, squares: Tensor, slopes: bool) -> tuple[Tensor, Tensor | None]:
        rates = sorted(0.5 / bandwidth**2 for bandwidth in self.bandwidths)
        return _summed(_exponentials(squares, rates), lambda rate: rate, slopes)


@dataclass(frozen=True)
class Laplacian(Kernel):
    """Sum over bandwidths s of exp(-d / s), d the Euclidean distance: heavier tails than the Gaussian's."""

    steep = True
    bandwidths: tuple[float, ...]

    @property
    def at_zero(self) -> float:
        return float(len(self.bandwidths))

    def __call__(self, squares: Tensor, slopes: bool) -> tuple[Tensor, Tensor | None]:
        distances = squares.sqrt_()
        inverse = _inverse(distances) if slopes else None
        rates = sorted(1 / bandwidth for bandwidth in self.bandwidths)
        values, slope = _summed(_exponentials(distances, rates), lambda rate: rate / 2, slopes)
        return values, None if slope is None or inverse is None else slope.mul_(inverse)


@dataclass(frozen=True)
class NegativeDistance(Kernel):
    """-d, under which the MMD is the energy distance (Sejdinovic et al. 2013, arXiv:1207.6076)."""

    steep = True

    @property
    def at_zero(self) -> float:
        return 0.0

    def __call__(self, squares: Tensor, slopes: bool) -> tuple[Tensor, Tensor | None]:
        distances = squares.sqrt_()
        return -distances, _inverse(distances).mul_(0.5) if slopes else None


def _inverse(distances: Tensor) -> Tensor:
    """1 / d, and 0 where d is 0: there the distance has no gradient, and 0 is in its subdifferential."""
    return distances.reciprocal().masked_fill_(distances == 0, 0)


def _exponentials(exponents: Tensor, rates: Sequence[float]) -> Iterator[tuple[float, Tensor]]:
    """(rate, exp(-rate * exponents)) by rising rate; each tensor is overwritten by the next."""
    steps = [None, *(squarings(last, rate) for last, rate in itertools.pairwise(rates))]
    power, exponentials_left = exponents, steps.count(None)
    for rate, times in zip(rates, steps, strict=True):
        if times is None:
            exponentials_left -= 1
            power = (exponents * -rate if exponentials_left else exponents.mul_(-rate)).exp_()
        else:
            for _ in range(times):
                power.square_()
        yield rate, power


def squarings(last: float, rate: float) -> int | None:
    """How often exp(-last d2) is squared to give exp(-rate d2); None where that is no whole number, or large."""
    doublings = round(math.log2(rate / last))
    return doublings if doublings <= MOST_SQUARINGS and math.isclose(rate, last * 2**doublings, rel_tol=1e-9) else None


def _summed(
    members: Iterator[tuple[float, Tensor]], factor: Callable[[float], float], slopes: bool
) -> tuple[Tensor, Tensor | None]:
    """The members' sum, and their sum weighed by the factor of each one's rate."""
    rate, power = next(members)
    values = power.clone()
    slope = power * factor(rate) if slopes else None
    for rate, power in members:
        values.add_(power)
        if slope is not None:
            slope.add_(power, alpha=factor(rate))
    return values, slope


def of_squares(kernel: Kernel, squares: Tensor) -> Tensor:
    """The kernel's values with their gradient to the squared distances, which are left as they are."""
    result: Tensor = _OfSquares.apply(kernel, squares)  # type: ignore[no-untyped-call]
    return result


class _OfSquares(torch.autograd.Function):
    """Values of a kernel; their gradient is the negative slopes."""

    @staticmethod
    def forward(ctx: Any, kernel: Kernel, squares: Tensor) -> Tensor:
        values, slopes = kernel(squares.clone(), slopes=True)
        ctx.save_for_backward(slopes)
        return values

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[None, Tensor]:  # type: ignore[override]
        return None, -grad * ctx.saved_tensors[0]


def squared_distances(x: Tensor, y: Tensor, *, floor: bool = False) -> Tensor:
    """(n, m) |x_i - y_j|^2 by a Gram product, for x (n, d) and y (m, d) that are centred; of x and x itself 0 on the diagonal.

    `floor`: what the rounding of the two items' norms may have left, and nothing else, counts as 0.
    """
    x_norms, y_norms = torch.linalg.vecdot(x, x), torch.linalg.vecdot(y, y)
    squares = torch.addmm(y_norms[None, :], x, y.mT, alpha=-2)
    squares.add_(x_norms[:, None]).clamp_(min=0)
    if floor:
        least = 8 * torch.finfo(x.dtype).eps * (x_norms[:, None] + y_norms)
        squares.masked_fill_(squares < least, 0)
    if x is y:
        squares.fill_diagonal_(0)
    return squares
