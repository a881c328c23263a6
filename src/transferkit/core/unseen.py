"""Unseen values: what rows of a table hold in columns of words that the rows to learn from do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from transferkit.core.cells import kind_of, word

WORTH_A_NOTE = 0.05
"""Share of the test rows from which on a column is worth a note: a draw leaves rare values out of training now and then."""
LOOKED_AT = 5000
"""Rows by which it is told which columns are of words."""
SHOWN = 3
"""Values named in a line."""
LONGEST = 30
"""Characters of a value that are named."""
MOST_LINES = 5
"""Columns that have a line each; the others are named in one."""


def unseen_in_test(learned: Sequence[Mapping[str, Any]], test: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line for each column of words in which at least 5 % of the test rows hold a value that no row to learn from has.

    It does not say which values: the test is sealed, and the line goes where its rows must not.

    >>> (line,) = unseen_in_test([{"c": "a"}, {"c": "b"}], [{"c": "a"}, {"c": "x"}])
    >>> line.partition(";")[0]
    "column 'c': 1 of 2 test rows holds a value that no row to learn from has"
    """
    first = list(learned[:LOOKED_AT])
    columns = [
        name
        for name in dict.fromkeys(name for row in first for name in row)
        if kind_of([row.get(name) for row in first]) == "word"
    ]
    found = {}
    known, said = words_in(learned, columns), words_in(test, columns)
    for name in columns:
        unseen = Counter({value: count for value, count in said[name].items() if value not in known[name]})
        if unseen and unseen.total() >= WORTH_A_NOTE * len(test):
            found[name] = unseen
    outcome = "a network of tables takes {them} for one unknown value, unless its source has {them}"
    return told_of(found, len(test), "test row", "that no row to learn from has", outcome, are_sealed=True)


def values_not_in(known: Collection[str], rows: Sequence[Mapping[str, Any]], column: str) -> Counter[str]:
    """Values of a column that are none of these, with how many rows hold them.

    >>> values_not_in(["a"], [{"c": "a"}, {"c": " x "}, {"c": "?"}, {"c": "x"}], "c")
    Counter({'x': 2})
    """
    said = words_in(rows, [column])[column]
    return Counter({value: count for value, count in said.items() if value not in known})


def words_in(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> dict[str, Counter[str]]:
    """What columns of words say, with how many rows say it."""
    spelled: dict[str, Counter[str | None]] = {column: Counter() for column in columns}
    for row in rows if columns else ():
        for column in columns:
            cell = row.get(column)
            spelled[column][cell if isinstance(cell, str) else word(cell)] += 1
    found: dict[str, Counter[str]] = {column: Counter() for column in columns}
    for column, counts in spelled.items():
        for cell, count in counts.items():  # each spelling is read once: there are few
            if (said := word(cell)) is not None:
                found[column][said] += count
    return found


def told_of(
    found: Mapping[str, Counter[str]], n_rows: int, noun: str, which: str, outcome: str, are_sealed: bool = False
) -> list[str]:
    """One line for each column of `found` (column -> value -> rows that hold it), those with most rows first.

    `which` values and the `outcome` are worded by the caller; "{them}" in the latter stands for the values.
    `are_sealed`: the values themselves are not named.
    """
    order = sorted(found, key=lambda name: -found[name].total())
    told = []
    for name in order[:MOST_LINES]:
        values = sorted(found[name], key=lambda value: (-found[name][value], value))
        named = (value if len(value) <= LONGEST else f"{value[:LONGEST]}..." for value in values[:SHOWN])
        shown = "" if are_sealed else f" ({', '.join(map(repr, named))}{', ...' * (len(values) > SHOWN)})"
        hold, rows = ("holds" if found[name].total() == 1 else "hold"), noun + "s" * (n_rows != 1)
        what, them = ("a value", "it") if len(values) == 1 else ("values", "them")
        told.append(
            f"column {name!r}: {found[name].total()} of {n_rows} {rows} {hold} {what} {which}{shown}; "
            f"{outcome.format(them=them)}"
        )
    if rest := order[MOST_LINES:]:
        shown = ", ".join(map(repr, rest[:MOST_LINES])) + ", ..." * (len(rest) > MOST_LINES)
        columns, hold = ("column", "holds") if len(rest) == 1 else ("columns", "hold")
        told.append(f"{len(rest)} more {columns} {hold} values {which}: {shown}")
    return told
