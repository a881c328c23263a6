"""Average: an exponential moving average of the weights, which is what is judged and kept.

Polyak & Juditsky 1992; as used with deep networks: Tarvainen & Valpola 2017, arXiv:1703.01780. The decay rises to its value
over the first steps (as (1 + t) / (10 + t)), so that a short training does not end near its start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """average <- decay * average + (1 - decay) * weights after every step; counters and the like are taken as they are."""

    def __init__(self, modules: Sequence[nn.Module], decay: float) -> None:
        self._modules, self._decay, self._steps = tuple(modules), decay, 0
        self._averages = [tensor.detach().clone() for tensor in self._tensors()]

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights as they are now."""
        self._steps += 1
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        for average, now in zip(self._averages, self._tensors(), strict=True):
            if average.is_floating_point():
                average.lerp_(now, 1 - decay)
            else:
                average.copy_(now)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The modules hold the average inside, and their own weights again afterwards."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def put(self) -> None:
        """The modules hold the average from now on."""
        self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for average, now in zip(self._averages, self._tensors(), strict=True):
            kept = now.clone()
            now.copy_(average)
            average.copy_(kept)

    def _tensors(self) -> list[Tensor]:
        """Every weight and statistic once, however many modules share it."""
        found = {
            tensor.data_ptr(): tensor
            for module in self._modules
            for tensor in module.state_dict(keep_vars=True).values()
        }
        return list(found.values())
