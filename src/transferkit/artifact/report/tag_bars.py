"""Tag bars: how well each tag is told, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transferkit.evaluate.summary import TagResult

MOST = 40


@dataclass(frozen=True)
class TagBar:
    """One tag."""

    result: TagResult
    percent: float | None
    """Average precision, 0 to 100; None where no test item bears the tag."""


@dataclass(frozen=True)
class TagBars:
    """The worst of them."""

    bars: tuple[TagBar, ...]
    n_better: int
    """Tags that are told better than these, and not shown."""


def tag_bars(results: Sequence[TagResult]) -> TagBars | None:
    """None where items bear no tags."""
    if not results:
        return None
    bars = [TagBar(one, None if one.average_precision is None else 100 * one.average_precision) for one in results]
    bars.sort(key=lambda bar: (bar.percent is None, bar.percent, bar.result.tag))
    return TagBars(tuple(bars[:MOST]), max(0, len(bars) - MOST))
