"""Budget: how much a study may cost, in seconds or trials. It is kept, the final refit and the proof included."""

from __future__ import annotations

import re
from dataclasses import dataclass

from transferkit.core.errors import WrongUse

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SPELLING = "spell it like '90s', '10m', '2h', '1h30m' or '20 trials'"


@dataclass(frozen=True)
class Budget:
    """Seconds, trials, or neither (no limit)."""

    seconds: float | None = None
    trials: int | None = None

    @classmethod
    def parse(cls, text: str | float | int | Budget | None) -> Budget:
        """Read a budget as a person spells it; a bare number is seconds.

        >>> Budget.parse("1h30m").seconds
        5400.0
        >>> Budget.parse("20 trials").trials
        20
        """
        if isinstance(text, Budget):
            return text
        if text is None:
            return cls()
        spelled = str(text).strip().lower()
        if trials := re.fullmatch(r"(\d+)\s*trials?", spelled):
            return cls._positive(spelled, trials=int(trials[1]))
        if re.fullmatch(r"\d+(\.\d+)?", spelled):
            return cls._positive(spelled, seconds=float(spelled))
        if re.fullmatch(r"(\d+(\.\d+)?\s*[smhd]\s*)+", spelled):
            parts = re.findall(r"(\d+(?:\.\d+)?)\s*([smhd])", spelled)
            return cls._positive(spelled, seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))
        raise WrongUse(f"budget {text!r} cannot be read; {_SPELLING}")

    @classmethod
    def _positive(cls, spelled: str, seconds: float | None = None, trials: int | None = None) -> Budget:
        if not (seconds or trials):
            raise WrongUse(f"budget {spelled!r} is nothing at all; {_SPELLING}")
        return cls(seconds, trials)

    def __str__(self) -> str:
        """As a person spells it.

        >>> [str(Budget(seconds)) for seconds in (90, 600, 5400, 7200)]
        ['90s', '10m', '1h30m', '2h']
        """
        if self.trials is not None:
            return f"{self.trials} trial{'s' if self.trials != 1 else ''}"
        if self.seconds is None:
            return "no limit"
        minutes, rest = divmod(self.seconds, 60)
        if minutes < 2 or rest:
            return f"{self.seconds:g}s"
        hours, minutes = divmod(int(minutes), 60)
        return (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes else "")
