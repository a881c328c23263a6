"""Target result: what came of one target where several were studied, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from transferkit.evaluate.summary import StudySummary


@dataclass(frozen=True)
class TargetResult:
    """One target among several."""

    name: str
    """Unlike that of every other one; its folder is called so."""
    summary: StudySummary | None = None
    failed: str = ""
    """Why there is no study, in one line; "" where there is one, or where its turn has not come."""

    @property
    def interrupted(self) -> bool:
        """Whether its study was stopped before its end."""
        return self.summary is not None and bool(self.summary.extra.get("interrupted"))
