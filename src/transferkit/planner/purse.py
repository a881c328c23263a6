"""Purse: a budget that several studies share, one after the other: what is left / how many are left."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import floor

from transferkit.artifact.journal import Glimpse
from transferkit.core.budget import Budget
from transferkit.core.errors import Failed

WHOLE_SECONDS = 10.0
"""Shares above are cut to whole seconds, those below to tenths, as a person would name them."""


@dataclass
class Purse:
    """A budget for several studies, of which an interrupted part of this command may have used some."""

    budget: Budget
    begun: float
    before: Mapping[str, Glimpse | None]
    """Study -> what it has used already."""
    trials: int = 0
    """Made since."""

    def share(self, name: str, n_waiting: int) -> Budget:
        """What the study may use in all, before and from now on; one that has ended, `n_waiting` of 0, what it has used."""
        seen = self.before[name]
        seconds, trials = (seen.seconds, seen.trials) if seen else (0.0, 0)
        if self.budget.seconds is not None:
            used = sum(one.seconds for one in self.before.values() if one)
            left = self.budget.seconds - used - (time.monotonic() - self.begun)
            share = left / n_waiting if n_waiting else 0.0
            if n_waiting and share <= 0:
                raise Failed(f"the budget of {self.budget} was spent before its turn; give a larger --budget")
            whole = seconds + share
            return Budget(seconds=float(floor(whole)) if whole > WHOLE_SECONDS else max(floor(10 * whole) / 10, 1e-3))
        if self.budget.trials is not None:
            left_trials = self.budget.trials - sum(one.trials for one in self.before.values() if one) - self.trials
            if n_waiting and left_trials < n_waiting:
                raise Failed(f"{self.budget} do not go round; give a larger --budget")
            return Budget(trials=trials + (left_trials // n_waiting if n_waiting else 0))
        return self.budget

    def spent(self, trials: float, name: str) -> None:
        """A study has made so many trials in all."""
        seen = self.before[name]
        self.trials += max(0, int(trials) - (seen.trials if seen else 0))
