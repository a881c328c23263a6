"""Left-out columns: those of a table that cannot help to predict anything, and the line that tells of them.

Left out are columns that say nothing, and columns that only number or name the rows: whole numbers that run without a gap, and
words that are all different. A person who wants such a column used turns it into what it means.

A column that says the same in every row (nothing said counts as a value) teaches nothing here, and is kept all the same: a
source may have learned from rows in which it varies, and a model that was fitted with it asks for it.
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


def constant(columns: dict[str, Column]) -> list[str]:
    """Those that say the same in every row."""
    return [name for name, column in columns.items() if _is_constant(column)]


def told_of_constant(names: list[str]) -> tuple[str, ...]:
    """One line of them; none where there are none.

    >>> told_of_constant(["site"])
    ("column 'site' says the same in every row: it is kept for sources that know it, and teaches nothing here",)
    """
    if not names:
        return ()
    if len(names) == 1:
        what, verbs, kept = f"column {names[0]!r}", "says the same in every row: it is", "teaches"
    else:
        what, verbs, kept = f"{len(names)} columns {_listed(names)}", "say the same in every row: they are", "teach"
    return (
        f"{what} {verbs} kept for sources that know {'it' if len(names) == 1 else 'them'}, and {kept} nothing here",
    )


def told(left_out: dict[str, list[str]]) -> tuple[str, ...]:
    """One line a reason.

    >>> told({"say nothing": ["ca"]})
    ("left out, for it says nothing: column 'ca'",)
    """
    return tuple(_line(reason, names) for reason, names in left_out.items())


def _line(reason: str, names: list[str]) -> str:
    if len(names) > 1:
        return f"left out, for they {reason}: {len(names)} columns {_listed(names)}"
    verb, _, rest = reason.partition(" ")
    return f"left out, for it {verb}s {rest}: column {_listed(names)}"


def _listed(names: list[str]) -> str:
    return ", ".join(map(repr, names[:SHOWN])) + ", ..." * (len(names) > SHOWN)


def _is_constant(column: Column) -> bool:
    said = column.said
    return len(said) == len(column.values) and len(np.unique(said)) == 1


def _reason(column: Column) -> str:
    said = column.said
    n, n_different = len(column.values), len(np.unique(said))
    if not len(said):
        return "say nothing"
    if n_different == 1 or n < LEAST_ROWS or len(said) < n or n_different < n:
        return ""
    if column.kind == "word":
        return "name each row differently (a text is named with --text-column)"
    whole = column.kind == "number" and bool((said == np.round(said)).all())
    return "count the rows" if whole and said.max() - said.min() == n - 1 else ""
