"""Left-out columns: those of a table that cannot help to predict anything, and the line that tells of them.

Left out are columns that say nothing, columns that say the same in every row (nothing said counts as a value), and columns that
only number or name the rows: whole numbers that run without a gap, and words that are all different. A person who wants such a
column used turns it into what it means.
"""

from __future__ import annotations

import numpy as np

from transferkit.data.rows import Column

LEAST_ROWS = 20
"""In a smaller table different words may well be all there are."""
SHOWN = 5


def useless(columns: dict[str, Column]) -> dict[str, list[str]]:
    """Reason -> the columns left out for it."""
    found: dict[str, list[str]] = {}
    for name, column in columns.items():
        reason = _reason(column)
        if reason:
            found.setdefault(reason, []).append(name)
    return found


def told(left_out: dict[str, list[str]]) -> tuple[str, ...]:
    """One line a reason.

    >>> told({"say nothing": ["ca"]})
    ("left out, for it says nothing: column 'ca'",)
    """
    return tuple(_line(reason, names) for reason, names in left_out.items())


def _line(reason: str, names: list[str]) -> str:
    shown = ", ".join(map(repr, names[:SHOWN])) + ", ..." * (len(names) > SHOWN)
    if len(names) > 1:
        return f"left out, for they {reason}: {len(names)} columns {shown}"
    verb, _, rest = reason.partition(" ")
    return f"left out, for it {verb}s {rest}: column {shown}"


def _reason(column: Column) -> str:
    said = column.said
    n, n_different = len(column.values), len(np.unique(said))
    if not len(said):
        return "say nothing"
    if n_different == 1 and len(said) == n:
        return "say the same in every row"
    if n < LEAST_ROWS or len(said) < n or n_different < n:
        return ""
    if column.kind == "word":
        return "name each row differently (a text is named with --text-column)"
    whole = column.kind == "number" and bool((said == np.round(said)).all())
    return "count the rows" if whole and said.max() - said.min() == n - 1 else ""
