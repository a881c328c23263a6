"""Enough: the budget to name where the one that was given did not do; never less than what was given."""

from __future__ import annotations

from math import ceil

from transferkit.artifact.wording import duration

MARGIN = 1.25
"""How much more than what is foretold, or than what did not do, is asked for."""
LARGER = "; give a larger --budget"
"""Where nobody can tell how much."""


def enough(seconds: float, given: float) -> str:
    """What to give for work that is foretold to take so long, where `given` seconds did not do.

    >>> enough(36, 40), enough(360, 40)
    ('give a --budget of about 50 s', 'give a --budget of about 7 min 30 s')
    >>> enough(3601, 40)
    'give a --budget of about 1 h 16 min'
    """
    wanted = MARGIN * max(seconds, given)
    unit = 1 if wanted < 600 else 60
    return f"give a --budget of about {duration(unit * ceil(wanted / unit))}"
