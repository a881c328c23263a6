"""StartingPoint: where some weights were, and how far they have gone from there."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class StartingPoint:
    """The weights as they are now, or 0 in their place; later, the squared distance from there.

    >>> layer = nn.Linear(2, 1, bias=False)
    >>> start = StartingPoint(layer.parameters())
    >>> _ = layer.weight.data.add_(3.0)
    >>> start.squared_distance().item()
    18.0
    """

    def __init__(self, weights: Iterable[nn.Parameter], at_zero: bool = False) -> None:
        self._pairs = [(w, torch.zeros_like(w) if at_zero else w.detach().clone()) for w in weights]

    def squared_distance(self) -> Tensor:
        """|w - w0|^2, a scalar with a gradient; 0 where there are no weights."""
        apart = [(now - start).square().sum() for now, start in self._pairs]
        return torch.stack(apart).sum() if apart else torch.zeros(())
