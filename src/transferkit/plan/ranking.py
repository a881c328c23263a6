"""Ranking: score every source on the open labels from one cached pass each; trains nothing, opens no seal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transferkit.core.errors import WrongUse
from transferkit.core.source import Source
from transferkit.evaluate.summary import RankedSource

FLOOR_SIDE = 32
FLOOR_FEATURES = 512


@dataclass(frozen=True)
class Ranking:
    """Sources, the most promising first; those that could not be scored last, with the reason."""

    rows: tuple[RankedSource, ...]
    seconds: float = 0.0

    def sorted(self, sources: Sequence[Source]) -> tuple[list[Source], list[Source]]:
        """The usable sources in this order, and those of them that do better than random features (at least one)."""
        by_name = {source.name: source for source in sources}
        usable = [row for row in self.rows if row.predicted is not None]
        if not usable:
            reasons = "; ".join(f"{row.name}: {row.note}" for row in self.rows)
            raise WrongUse(f"none of the sources can be used here ({reasons})")
        above = [row for row in usable if row.above_floor] or usable[:1]
        return [by_name[row.name] for row in usable], [by_name[row.name] for row in above]

    def __str__(self) -> str:
        from transferkit.artifact.printed import printed_ranking

        return printed_ranking(self.rows)
