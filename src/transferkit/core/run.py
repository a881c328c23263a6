"""Run: what a method is lent while it fits - a seed, a clock, the feature cache, a device, a place to report to."""

from __future__ import annotations

import atexit
import functools
import hashlib
import shutil
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from transferkit.core.errors import BudgetSpent

if TYPE_CHECKING:
    import torch

    from transferkit.core.examples import Examples
    from transferkit.core.task import Predictions


class Cache(ABC):
    """Arrays by key and item id, each computed once; see `data/cache.py`."""

    @abstractmethod
    def rows(
        self, key: str, ids: Sequence[str], compute: Callable[[Sequence[int]], np.ndarray], chunk: int = 64
    ) -> np.ndarray:
        """(n, ...) float array, row i belonging to `ids[i]`.

        `compute(indices)` gives the rows of those positions of `ids`; it is called, `chunk` at a time, for the missing
        ones only. Rows of one key share one shape and dtype. The result may be a read-only memory map.
        """

    def folder(self, purpose: str) -> Path:
        """A folder of this machine for what is no row, such as networks of source data sets; here one of this process."""
        return Path(_of_this_process()) / purpose


@functools.cache
def _of_this_process() -> str:
    """Removed when the process ends."""
    kept = tempfile.mkdtemp(prefix="transferkit-")
    atexit.register(shutil.rmtree, kept, ignore_errors=True)
    return kept


class NoCache(Cache):
    """Computes every time; for tests and one-off calls."""

    def rows(
        self, key: str, ids: Sequence[str], compute: Callable[[Sequence[int]], np.ndarray], chunk: int = 64
    ) -> np.ndarray:
        parts = [compute(range(i, min(i + chunk, len(ids)))) for i in range(0, len(ids), chunk)]
        return np.concatenate(parts) if parts else compute(range(0))


Progress = Callable[[str, int, int], None]
"""`progress(what, done, total)`."""


Watch = Callable[[int, "Callable[[Examples], Predictions]"], None]
"""`watch(epoch, predict)`: what the model of this epoch predicts, whichever epoch is kept in the end."""


def silent(what: str, done: int, total: int) -> None:
    """Report to nobody."""


@dataclass(frozen=True)
class Run:
    """Lent to `Method.fit`."""

    seed: int = 0
    deadline: float | None = None
    """`time.monotonic()` at which the fit must have ended; None: no limit."""
    cache: Cache = field(default_factory=NoCache)
    device: str = "cpu"
    progress: Progress = silent
    watch: Watch | None = None
    """Called at the end of every epoch; for those who look at a fit from outside, such as a bench. Nothing is chosen by it."""

    def seconds_left(self) -> float:
        """Seconds until the deadline; infinite without one."""
        return float("inf") if self.deadline is None else self.deadline - time.monotonic()

    def check_deadline(self) -> None:
        """Raise BudgetSpent where nothing is left."""
        if self.seconds_left() <= 0:
            raise BudgetSpent("the time for this trial ended before it had a result; give a larger --budget")

    def derived_seed(self, purpose: str) -> int:
        """A seed for one purpose: equal for equal (seed, purpose), unrelated otherwise."""
        digest = hashlib.sha256(f"{self.seed}:{purpose}".encode()).digest()
        return int.from_bytes(digest[:7], "big")

    def generator(self, purpose: str) -> torch.Generator:
        """A torch generator for one purpose ("order", "augmentation", ...)."""
        import torch

        return torch.Generator().manual_seed(self.derived_seed(purpose))
