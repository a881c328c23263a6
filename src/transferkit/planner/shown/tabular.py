"""A row of a table: what its cells say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from transferkit.core.cells import number, word
from transferkit.evaluate.summary import Mistake
from transferkit.planner.shown.text import excerpt

MOST_COLUMNS = 8


def show(mistake: Mistake, item: Mapping[str, Any]) -> Mistake:
    """With its `cells`."""
    return replace(mistake, cells={name: said(cell) for name, cell in item.items()})


def said(cell: Any) -> str:
    """A cell in short: numbers with five digits, long words cut; "" where nothing is said.

    >>> said(0.123456789), said(1994.0), said("Private"), said(None)
    ('0.12346', '1994', 'Private', '')
    """
    spoken = word(cell)
    if spoken is None:
        return ""
    value = None if isinstance(cell, str) else number(cell)
    if value is not None:
        return str(int(value)) if value == int(value) and abs(value) < 1e9 else f"{value:.5g}"
    return excerpt(spoken, 40, 12)


def narrowed(mistakes: Sequence[Mistake], columns: Sequence[str]) -> tuple[Mistake, ...]:
    """The mistakes with few of their cells: those of `columns` first, then the others as they stand in the table."""
    found = []
    for mistake in mistakes:
        order = [*(name for name in columns if name in mistake.cells), *mistake.cells]
        kept = list(dict.fromkeys(order))[:MOST_COLUMNS]
        found.append(replace(mistake, cells={name: mistake.cells[name] for name in kept}))
    return tuple(found)
