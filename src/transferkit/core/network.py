"""Network: a pretrained (or fresh) body cut into named stages, from input to features.

Everything before the deepest moving stage can be run once per item and cached, because a network can be run from any
stage to any later one. What flows between stages is a `State`: a tensor, or a tuple of tensors, whose first axis is
the item. Where the states of two batches differ in length, it is along the second axis of a tuple's tensors, and a network
takes what zeros fill up there for padding (a mask among them says so).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import torch
from torch import Tensor, nn

from transferkit.core.architecture import Architecture

State: TypeAlias = "Tensor | tuple[Tensor, ...]"


def parts_of(state: State) -> tuple[Tensor, ...]:
    """The tensors of a state."""
    return (state,) if isinstance(state, Tensor) else state


class Network(nn.Module, ABC):
    """A body with named stages. `forward(inputs)` runs all of them.

    Position `0` is the input, position `i` the state after `i` stages, position `len(stages)` the features.
    """

    stages: tuple[str, ...]
    """Names from input to output."""
    feature_dim: int
    """Length of one feature vector, where the last state is (n, feature_dim)."""
    architecture: Architecture
    """Rebuilds this network, without its weights."""
    float32_only: bool = False
    """True where its layers compute in float32 whatever their weights are cast to: no other form of it is tried."""
    sequence_channels: int = -1
    """Axis of the channels in a state of three axes: tokens have them last, convolutions over time in the middle, 1."""
    symbols: tuple[str, ...] = ()
    """What each output of its own head stands for, where that spells texts: characters, "" for none."""
    head: nn.Module | None
    """The source's own head, features (n, feature_dim) -> (n, n_source_classes); None where it has none."""

    def __init__(self) -> None:
        super().__init__()
        self.head = None  # here, because a class attribute would hide the module that a subclass assigns

    @abstractmethod
    def run(self, state: State, start: int = 0, stop: int | None = None) -> State:
        """Take the state at position `start` to position `stop` (default: the end, the features)."""

    @abstractmethod
    def stage(self, name: str) -> nn.Module:
        """The module that holds exactly the parameters of one stage."""

    def forward(self, inputs: State) -> State:
        """inputs -> features (n, feature_dim)."""
        return self.run(inputs)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """A context in which torch's initialisers and dropout draw from `seed`; the global generators are left as they were."""
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else ()  # type: ignore[no-untyped-call]
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield
