"""Mixing: two items of a batch become one, and so do their labels.

mixup: x = s x_i + (1 - s) x_j, with s from Beta(a, a) (Zhang, Cisse, Dauphin & Lopez-Paz 2018, arXiv:1710.09412). Where the
inputs are no numbers that can be mixed (words), the features are (Verma et al. 2019, arXiv:1806.05236, at the last layer).
cutmix: a rectangle of picture j is laid into picture i, s is the share of i that is left (Yun et al. 2019,
arXiv:1905.04899). The loss of a mixed item is s L(y_i) + (1 - s) L(y_j), which needs nothing of the task.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from transferkit.core.errors import WrongUse
from transferkit.core.network import State


@dataclass(frozen=True)
class Mix:
    """Which item each one is mixed with, and how much of itself is left."""

    partner: Tensor
    """(n,) indices into the batch."""
    share: float

    def of(self, values: Tensor) -> Tensor:
        """(n, ...) mixed values."""
        return self.share * values + (1 - self.share) * values[self.partner]


def can_mix(inputs: State) -> bool:
    """Whether the inputs themselves can be mixed: one tensor of numbers with a fraction."""
    return isinstance(inputs, Tensor) and inputs.is_floating_point()


def mixup(n: int, strength: float, generator: torch.Generator, device: torch.device) -> Mix:
    """A mix of a batch of n; `strength` is the a of Beta(a, a)."""
    return Mix(torch.randperm(n, generator=generator).to(device), _beta(strength, generator))


def cutmix(inputs: State, strength: float, generator: torch.Generator) -> tuple[Tensor, Mix]:
    """Pictures (n, channels, height, width) with a rectangle of another one each; the mix says how much was left."""
    if not (isinstance(inputs, Tensor) and inputs.ndim == 4):
        raise WrongUse(
            "cutmix lays a part of one picture into another; these inputs are no pictures, take mixup instead"
        )
    partner = torch.randperm(len(inputs), generator=generator).to(inputs.device)
    height, width = inputs.shape[2:]
    side = math.sqrt(1 - _beta(strength, generator))
    tall, wide = round(side * height), round(side * width)
    centre = torch.rand(2, generator=generator)
    row, column = int(centre[0] * height) - tall // 2, int(centre[1] * width) - wide // 2
    top, left = max(0, row), max(0, column)
    bottom, right = min(height, row + tall), min(width, column + wide)
    cut = inputs.clone()
    cut[:, :, top:bottom, left:right] = inputs[partner, :, top:bottom, left:right]
    return cut, Mix(partner, 1 - max(0, bottom - top) * max(0, right - left) / (height * width))


def _beta(strength: float, generator: torch.Generator) -> float:
    """A draw from Beta(strength, strength)."""
    first, second = (torch._standard_gamma(torch.tensor(strength), generator=generator) for _ in range(2))
    return float(first / (first + second)) if float(first + second) > 0 else 0.5
