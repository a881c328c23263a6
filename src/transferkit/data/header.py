"""Header: whether the first row of a delimited file names its columns, or is data already.

A column name is hardly ever a number. So the first row is data where it holds a number - unless it also holds a word above a
column of numbers, as names do. A file of words alone is taken to have a header, for nothing in it could tell.
"""

from __future__ import annotations

from collections.abc import Sequence

from transferkit.core.cells import is_missing, number

LOOKED_AT = 50
"""Rows below the first from which the kind of a column is told."""


def is_header(first: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether `first` names the columns of the rows `below`.

    >>> is_header(["age", "sex"], [["63", "m"]]), is_header(["63", "m"], [["37", "f"]])
    (True, False)
    """
    if not any(number(cell) is not None for cell in first):
        return True
    for position, cell in enumerate(first):
        column = [row[position] for row in below if position < len(row) and not is_missing(row[position])]
        if not is_missing(cell) and number(cell) is None and column and all(number(one) is not None for one in column):
            return True
    return False


def names_for(n_columns: int) -> list[str]:
    """What the columns are called where nobody named them.

    >>> names_for(2)
    ['column_1', 'column_2']
    """
    return [f"column_{i}" for i in range(1, n_columns + 1)]
