"""Allowance: what is left of a budget, and whether the next fit may start."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from transferkit.core.budget import Budget

CLOSING, CLOSING_SHARE = 1.0, 0.05
"""Seconds kept back for the summary and the report, and the largest share of the budget that they may be."""


@dataclass
class Allowance:
    """Counts from `begun`, plus what an earlier, interrupted part of the same study has used."""

    budget: Budget
    used_seconds: float = 0.0
    used_trials: int = 0
    begun: float = field(default_factory=time.monotonic)
    """`time.monotonic()` at which this part of the study began."""
    whole: Budget | None = None
    """What the person named, where `budget` is a share of it."""

    @property
    def named(self) -> Budget:
        """The budget as the person named it."""
        return self.budget if self.whole is None else self.whole

    def __str__(self) -> str:
        """What is to be kept, as the subject of a sentence; a share in whole seconds, for nobody has named it.

        >>> str(Allowance(Budget(90))), str(Allowance(Budget(16.6667), whole=Budget(100)))
        ('the budget of 90s', 'a share of 17 s')
        """
        if self.whole is None:
            return f"the budget of {self.budget}"
        if self.budget.seconds is None:
            return f"a share of {self.budget}"
        return f"a share of {f'{self.budget.seconds:.0f}' if self.budget.seconds >= 1 else 'less than 1'} s"

    @property
    def seconds_used(self) -> float:
        """Seconds this study has used in all."""
        return self.used_seconds + time.monotonic() - self.begun

    @property
    def seconds_left(self) -> float:
        """Seconds left for fits, the writing of the report kept back; infinite where the budget names none."""
        if self.budget.seconds is None:
            return float("inf")
        return self.budget.seconds - self.seconds_used - min(CLOSING, CLOSING_SHARE * self.budget.seconds)

    @property
    def trials_left(self) -> float:
        """Fits left; infinite where the budget names none."""
        return float("inf") if self.budget.trials is None else self.budget.trials - self.used_trials

    @property
    def deadline(self) -> float | None:
        """`time.monotonic()` at which the budget ends."""
        return None if self.budget.seconds is None else time.monotonic() + self.seconds_left

    def allows(self, seconds: float, trials: int = 1) -> bool:
        """True where that much more fits."""
        return seconds <= self.seconds_left and trials <= self.trials_left

    def count(self) -> None:
        """One more fit was made."""
        self.used_trials += 1
