"""Model: a network with a head for one task, and the processor that makes its inputs. What the loop trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from transferkit.core.network import Network, State
from transferkit.core.source import Processor
from transferkit.core.task import Predictions, Task


@dataclass(frozen=True, eq=False)
class Model:
    """The four things that make a prediction out of an item."""

    task: Task
    network: Network
    head: nn.Module
    processor: Processor

    def features(self, state: State, start: int = 0) -> State:
        """The network's last state, from the state at position `start`."""
        return self.network.run(state, start)

    def watched_features(self, state: State, start: int, positions: Sequence[int]) -> tuple[State, dict[int, State]]:
        """As `features`, with the states that are passed on the way at these positions, in ascending order."""
        states = {}
        for position in positions:
            if position > start:
                state, start = self.network.run(state, start, position), position
            states[position] = state
        return self.network.run(state, start), states

    def outputs(self, features: State, targets: Any | None = None) -> Any:
        """Raw outputs from the network's last state; with targets a decoder is taught, without it generates."""
        return self.task.outputs(self.network, self.head, features, targets)

    def decode(self, outputs: Any) -> Predictions:
        """Raw outputs in the words of the labels."""
        return self.task.decode(outputs, self.processor)

    def modules(self) -> tuple[nn.Module, nn.Module]:
        """Both parts that hold weights."""
        return self.network, self.head

    def parameters(self) -> list[nn.Parameter]:
        """All weights; a head that shares some with its network counts them once."""
        return list(dict.fromkeys(p for module in self.modules() for p in module.parameters()))

    def eval(self) -> None:
        """Put both parts in eval mode."""
        for module in self.modules():
            module.eval()

    def to(self, device: torch.device) -> None:
        """Move both parts."""
        for module in self.modules():
            module.to(device)


def as_precise(state: State, precision: torch.dtype) -> State:
    """The state with its numbers that have a fraction in this precision."""
    if isinstance(state, Tensor):
        return state.to(precision) if state.is_floating_point() else state
    return tuple(part.to(precision) if part.is_floating_point() else part for part in state)


def moved(state: State, device: torch.device) -> State:
    """The state on another device."""
    return state.to(device) if isinstance(state, Tensor) else tuple(part.to(device) for part in state)
