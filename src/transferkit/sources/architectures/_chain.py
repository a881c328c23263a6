"""Chain: a network whose stages are modules run one after the other, each taking the state that the one before gave.

The plain convolutional networks of this folder are built from it; each file says which modules, and in which order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from torch import Tensor, nn

from transferkit.core.architecture import Architecture
from transferkit.core.network import Network, State


@final
class Chain(Network):
    """Stages by name, run in the order given; the last one gives features (n, feature_dim)."""

    def __init__(
        self,
        architecture: Architecture,
        stages: Mapping[str, nn.Module],
        feature_dim: int,
        n_classes: int | None = None,
    ) -> None:
        super().__init__()
        self.architecture = architecture
        self.stages = tuple(stages)
        self.feature_dim = feature_dim
        self.body = nn.ModuleDict(stages)
        self.head = nn.Linear(feature_dim, n_classes) if n_classes else None

    def run(self, state: State, start: int = 0, stop: int | None = None) -> State:
        """Take the state at position `start` to position `stop` (default: the features)."""
        for name in self.stages[start:stop]:
            state = self.body[name](state)
        return state

    def stage(self, name: str) -> nn.Module:
        """The module of one stage."""
        return self.body[name]


class GlobalPool(nn.Module):
    """The mean over height and width: (n, c, h, w) -> (n, c)."""

    def forward(self, maps: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, c)."""
        return maps.mean((-2, -1))
