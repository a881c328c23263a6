"""BestState: early stopping, and the weights of the best epoch."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from torch import Tensor, nn

LEAST_ITEMS = 50
"""Held-out items from which on the best epoch is told from chance. With fewer, the last epoch of the schedule is kept:
the best of 120 epochs on 10 items would look better than it is, and beat a linear probe that had no such choice."""


class BestState:
    """Keeps the weights with the best metric (ties: the lower loss); with fewer than `LEAST_ITEMS` held out, the last.

    Where something else than these metrics says how good an epoch is, its `standing` decides.
    """

    def __init__(self, modules: Sequence[nn.Module], patience: int | None) -> None:
        self._modules, self._patience = tuple(modules), patience
        self._best: tuple[float, float] | None = None
        self._state: list[dict[str, Tensor]] | None = None
        self.best_epoch: int | None = None
        self.metrics: list[float] = []
        self.losses: list[float] = []
        self.exhausted = False

    def judge(
        self, epoch: int, result: tuple[float, float] | None, n_items: int = 0, standing: float | None = None
    ) -> None:
        """Take note of an epoch's (metric, loss) on `n_items` held-out items; `standing`, higher is better, overrules them."""
        if result is not None:
            self.metrics.append(result[0])
            self.losses.append(result[1])
        if standing is None and (result is None or n_items < LEAST_ITEMS):
            self.best_epoch = epoch
            return
        metric, loss = result or (0.0, 0.0)
        reached = (metric, -loss) if standing is None else (standing, 0.0)
        if self._best is None or reached > self._best:
            self._best, self.best_epoch = reached, epoch
            self._state = [copy.deepcopy(module.state_dict()) for module in self._modules]
        elif self._patience is not None and epoch - (self.best_epoch or 0) >= self._patience:
            self.exhausted = True

    def restore(self) -> None:
        """Put the best weights back."""
        if self._state is not None:
            for module, state in zip(self._modules, self._state, strict=True):
                module.load_state_dict(state)
