"""The errors a person may see: one line that says what came, what was expected and what to do.

Inner code raises the short reason; the outermost call prints it once. `exit_code` is what the command line returns.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar


class TransferkitError(Exception):
    """Anything transferkit refuses or cannot do. Its text is one line meant for a person."""

    exit_code: ClassVar[int] = 1


class WrongUse(TransferkitError, ValueError):
    """What was asked for, or the data given, cannot be used as it is. Exit code 2."""

    exit_code: ClassVar[int] = 2


class UnknownName(WrongUse, LookupError):
    """A name that is not among those known."""


class Failed(TransferkitError, RuntimeError):
    """The request was right but could not be carried out (disk full, hub unreachable, weights that do not fit)."""


class BudgetSpent(Failed):
    """The budget ended before the work it was meant for."""


def unknown_name(what: str, name: str, known: Iterable[str]) -> UnknownName:
    """The error for a name nobody knows: suggests the nearest and lists all.

    >>> str(unknown_name("method", "scrach", ["scratch", "full"]))
    "unknown method 'scrach'; did you mean 'scratch'? Known: full, scratch"
    """
    names = sorted(known)
    nearest = difflib.get_close_matches(name, names, n=1)
    suggestion = f"did you mean {nearest[0]!r}? " if nearest else ""
    return UnknownName(f"unknown {what} {name!r}; {suggestion}Known: {', '.join(names) or 'none'}")
