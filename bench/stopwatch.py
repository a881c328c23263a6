"""Stopwatch: several ways of one thing timed in turn, so that a machine that gets busier slows them all alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any


class Stopwatch:
    """Seconds of each way, one a round.

    >>> watch = Stopwatch()
    >>> watch.round({"short": lambda: 1, "long": lambda: sum(range(100_000))})
    {'short': 1, 'long': 4999950000}
    >>> watch.median("long") > watch.median("short")
    True
    """

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self._n_rounds = 0

    def round(self, ways: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
        """Time each way once; every second round goes backwards. Gives what the ways gave."""
        order = list(ways) if self._n_rounds % 2 == 0 else list(ways)[::-1]
        self._n_rounds += 1
        gave = {}
        for name in order:
            gc.collect()
            start = time.perf_counter()
            gave[name] = ways[name]()
            self.seconds[name].append(time.perf_counter() - start)
        return {name: gave[name] for name in ways}

    def median(self, name: str) -> float:
        """Median seconds of a way."""
        return statistics.median(self.seconds[name])

    def ratio(self, over: str, under: str) -> float:
        """Median over the rounds of how many times as long one way took as another in the same round."""
        return statistics.median(a / b for a, b in zip(self.seconds[over], self.seconds[under], strict=True))

    def rounded(self) -> dict[str, list[float]]:
        """All seconds, for the details of a result."""
        return {name: [round(value, 4) for value in values] for name, values in self.seconds.items()}
