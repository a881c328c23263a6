"""Cells: what one cell of a table says - a number, a date, a word, or nothing - and what a whole column is made of.

A cell says nothing where it is empty, None, NaN or one of `MISSING`, in any case. A column is of numbers where at least
`MOSTLY` of the cells that say something are numbers, of dates where all of them are dates, else of words; truth values are
words. What is infinite is no number, but does not make a column of numbers one of words. Dates are ISO 8601 (2011-01-31,
2011-01-31 12:30) or have slashes or dots (31.1.2011, 1/31/11): the month stands first with slashes and the day with dots,
unless a number above 12 somewhere in the column says otherwise.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal

Kind = Literal["number", "date", "word", "nothing"]

MISSING = frozenset({"", "?", "na", "n/a", "#n/a", "<na>", "nan", "nat", "null", "none"})
MOSTLY = 0.95
_NUMERIC = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")
_INFINITE = re.compile(r"\s*[-+]?inf(inity)?\s*", re.IGNORECASE)
_PARTED = re.compile(r"\s*(\d{1,2})([./])(\d{1,2})\2(\d{4}|\d{2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?\s*")
_ISO = re.compile(r"\s*\d{4}-\d{1,2}-\d{1,2}.*")
_EPOCH = datetime(1970, 1, 1)


def is_missing(cell: Any) -> bool:
    """Whether the cell says nothing.

    >>> [is_missing(cell) for cell in ("?", " NA ", None, float("nan"), 0, "no")]
    [True, True, True, True, False, False]
    """
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return True
    return (isinstance(cell, str) or type(cell).__name__ in ("NAType", "NaTType")) and str(
        cell
    ).strip().lower() in MISSING


def number(cell: Any) -> float | None:
    """The number a cell holds, or None; a truth value is none, and neither is anything infinite.

    >>> number(" 3.50 "), number(2), number("2e3"), number("A11"), number(True)
    (3.5, 2.0, 2000.0, None, None)
    """
    if isinstance(cell, str):
        found = float(cell.strip()) if _NUMERIC.fullmatch(cell) else math.nan  # float leaves separators such as \x1f
    elif _is_truth(cell) or not hasattr(cell, "__float__"):
        return None
    else:
        found = float(cell)
    return found if math.isfinite(found) else None


def _is_infinite(cell: Any) -> bool:
    if isinstance(cell, str):
        return _INFINITE.fullmatch(cell) is not None
    return isinstance(cell, float) and math.isinf(cell)


def _is_truth(cell: Any) -> bool:
    return type(cell).__name__ in ("bool", "bool_")  # Python's and numpy's, old and new


def word(cell: Any) -> str | None:
    """The cell as a word, or None; a whole number has no ".0", so that 1 and 1.0 are the same word.

    >>> word(" Male "), word(1.0), word(True), word("?")
    ('Male', '1', 'true', None)
    """
    if is_missing(cell):
        return None
    if isinstance(cell, str):
        return cell.strip()
    if _is_truth(cell):
        return str(bool(cell)).lower()
    value = number(cell)
    if value is not None:
        return str(int(value)) if value == int(value) else repr(value)
    return cell.isoformat() if isinstance(cell, date) else str(cell).strip()


def day(cell: Any, day_first: bool = False) -> float | None:
    """Days since 1970-01-01, with a fraction for the time of day; None where the cell is no date.

    >>> day("1970-01-02 12:00"), day("2/1/70"), day("2/1/70", day_first=True), day("soon")
    (1.5, 31.0, 1.0, None)
    """
    moment = _moment(cell, day_first)
    return None if moment is None else (moment - _EPOCH).total_seconds() / 86400


def _moment(cell: Any, day_first: bool) -> datetime | None:
    if isinstance(cell, date):
        found = cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)
    elif not isinstance(cell, str):
        return None
    elif parted := _PARTED.fullmatch(cell):
        first, second, year = int(parted[1]), int(parted[3]), int(parted[4])
        year += 0 if year > 99 else 2000 if year < 70 else 1900
        begins_with_day = first > 12 or (day_first and second <= 12)
        day_number, month = (first, second) if begins_with_day else (second, first)
        try:
            hour, minute, seconds = (int(part or 0) for part in parted.group(5, 6, 7))
            found = datetime(year, month, day_number, hour, minute, seconds)
        except ValueError:
            return None
    elif _ISO.fullmatch(cell):
        try:
            found = datetime.fromisoformat(cell.strip())
        except ValueError:
            return None
    else:
        return None
    return found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)


def is_day_first(cells: Iterable[Any]) -> bool:
    """Whether the dates of a column begin with the day: those with dots do, others where a first number is above 12."""
    has_dots = has_second_above = False
    for cell in cells:
        parted = _PARTED.fullmatch(cell) if isinstance(cell, str) else None
        if parted and int(parted[1]) > 12:
            return True
        has_dots |= bool(parted and parted[2] == ".")
        has_second_above |= bool(parted and int(parted[3]) > 12)
    return has_dots and not has_second_above


def kind_of(cells: Sequence[Any]) -> Kind:
    """What a column is made of.

    >>> kind_of(["1", "?", "2.5", "inf"]), kind_of(["A11", "2"]), kind_of(["1/31/11"]), kind_of(["", None])
    ('number', 'word', 'date', 'nothing')
    """
    n_said = n_numbers = 0
    for cell in _that_say_something(cells):
        n_said += 1
        n_numbers += number(cell) is not None
    if not n_said:
        return "nothing"
    if n_numbers >= MOSTLY * n_said:
        return "number"
    day_first = is_day_first(_that_say_something(cells))
    return "date" if all(day(cell, day_first) is not None for cell in _that_say_something(cells)) else "word"


def _that_say_something(cells: Iterable[Any]) -> Iterator[Any]:
    return (cell for cell in cells if not (is_missing(cell) or _is_infinite(cell)))
