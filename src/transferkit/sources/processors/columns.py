"""ColumnsProcessor: rows of a table -> numbers on one scale, what is missing, and words as positions.

A number x becomes z / sqrt(1 + (z / 3)^2) with z = (x - median) / spread: about z near the middle, never beyond 3, so that no
outlier rules (the smooth clipping of Holzmüller, Grinsztajn & Steinwart 2024, arXiv:2407.04491; their spread is the
interquartile range as well). A date becomes the day on that scale, and where it stands in the year, the week and, where the
column has times, the day - sine and cosine each. A word becomes its position among those that the table it was fitted on has
at least twice; another word is `UNSEEN`, none at all `ABSENT`.

Columns are found by name. A row without one of them counts as missing there, columns it does not know are left aside: a
network that was trained on one hospital's table takes another's.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

from transferkit.core.cells import day, is_day_first, is_missing, kind_of, number, word
from transferkit.core.errors import WrongUse
from transferkit.core.source import Processor
from transferkit.core.unseen import told_of, values_not_in
from transferkit.sources.processors import check_settings

if TYPE_CHECKING:
    from torch import Tensor

UNSEEN, ABSENT = 0, 1
"""Positions of every column of words that mean: a word not known, no word."""
MOST_WORDS = 100
"""Of one column; rarer ones are `UNSEEN`."""
LEAST_COUNT = 2
"""How often a word has to occur to be known: one that occurs once teaches nothing of itself, but what an unseen one means."""
LOOKED_AT = 5000
"""Rows of another table from which its further columns and words are learned; it is asked for at every fit."""
SHOWN = 5
LONGEST = 3.0
FARTHEST = 1e6
"""Deviations from the middle; what lies beyond is the same number to the network."""
LARGEST = 1e100
"""Numbers beyond count as this, so that their squares are finite."""
YEAR, WEEK = 365.2425, 7.0


@dataclass(frozen=True)
class Number:
    """A column of numbers, or of dates."""

    name: str
    middle: float
    spread: float
    is_date: bool = False
    day_first: bool = False
    has_time: bool = False

    @property
    def width(self) -> int:
        """How many numbers it gives."""
        return 1 + 2 * len(self.periods)

    @property
    def periods(self) -> tuple[float, ...]:
        """Days after which a date comes round again."""
        return ((YEAR, WEEK, 1.0) if self.has_time else (YEAR, WEEK)) if self.is_date else ()

    def read(self, cell: Any) -> float | None:
        """The number, or the day, that a cell holds."""
        return day(cell, self.day_first) if self.is_date else number(cell)

    def values(self, value: float) -> list[float]:
        """(width,) on the scale of the network."""
        z = max(-FARTHEST, min(FARTHEST, (value - self.middle) / self.spread))
        found = [z / math.hypot(1, z / LONGEST)]
        for period in self.periods:
            angle = 2 * math.pi * (value % period) / period
            found += [math.sin(angle), math.cos(angle)]
        return found


@dataclass(frozen=True)
class Category:
    """A column of words."""

    name: str
    known: tuple[str, ...]

    @property
    def n_positions(self) -> int:
        """How many positions there are, `UNSEEN` and `ABSENT` among them."""
        return 2 + len(self.known)


@final
@dataclass(frozen=True)
class ColumnsProcessor(Processor):
    """Rows -> (numbers (n, k) float32, what of them is there (n, k) float32, words (n, c) int64).

    >>> processor = fitted([{"age": 63.0, "sex": "m"}, {"age": 37.0, "sex": "f"}] * 3)
    >>> [part.shape[1] for part in processor([{"age": 50.0}])]
    [1, 1, 1]
    """

    modality: ClassVar[str] = "tabular"
    numbers: tuple[Number, ...]
    categories: tuple[Category, ...]

    def __call__(self, items: Sequence[Any]) -> tuple[Tensor, ...]:
        import torch

        width = sum(column.width for column in self.numbers)
        values = torch.zeros(len(items), width)
        there = torch.zeros(len(items), width)
        positions = torch.full((len(items), len(self.categories)), ABSENT, dtype=torch.int64)
        index = [{known: 2 + i for i, known in enumerate(column.known)} for column in self.categories]
        rows, marks, codes = values.numpy(), there.numpy(), positions.numpy()
        for i, item in enumerate(items):
            if not isinstance(item, Mapping):
                raise WrongUse(f"a network of tables takes rows such as {{'age': 63}}, got {type(item).__name__}")
            start = 0
            for column in self.numbers:
                said = column.read(item.get(column.name))
                if said is not None:
                    rows[i, start : start + column.width] = column.values(said)
                    marks[i, start : start + column.width] = 1
                start += column.width
            for j, (named, known) in enumerate(zip(self.categories, index, strict=True)):
                spoken = word(item.get(named.name))
                if spoken is not None:
                    codes[i, j] = known.get(spoken, UNSEEN)
        return values, there, positions

    def remarks(self, items: Sequence[Any]) -> tuple[str, ...]:
        """Which of its columns say nothing in these rows, and which hold values that it does not know."""
        reads = {column.name: column.read for column in self.numbers} | {c.name: word for c in self.categories}
        silent = [name for name, read in reads.items() if all(read(item.get(name)) is None for item in items)]
        told = []
        if silent:
            told = [
                f"{len(silent)} of its {len(self.column_names)} columns say nothing in this table: {_listed(silent)}"
            ]
        return (*told, *self._unknown(items))

    def _unknown(self, items: Sequence[Any]) -> list[str]:
        found = {}
        for column in self.categories:
            unknown = values_not_in(set(column.known), items, column.name)
            if unknown:
                found[column.name] = unknown
        # a value that training had only once was none to learn either, and which those were is not kept
        which, outcome = "not seen in training, or too rarely", "all that is unknown counts as the same value"
        return told_of(found, len(items), "row", which, outcome)

    def describe(self) -> dict[str, Any]:
        """Every column with what was learned of it."""
        return {
            "kind": "columns",
            "numbers": [vars(column) for column in self.numbers],
            "categories": [{"name": column.name, "known": list(column.known)} for column in self.categories],
        }

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns it looks at."""
        return (*(column.name for column in self.numbers), *(column.name for column in self.categories))

    def grown(self, items: Sequence[Mapping[str, Any]]) -> ColumnsProcessor:
        """The same processor that also knows the words and columns of (the first thousands of) these rows, behind its own.

        Raises WrongUse where it knows none of their columns: a network would learn nothing from its source then.
        """
        items = items[:LOOKED_AT]
        columns = list(dict.fromkeys(name for item in items for name in item))
        if not set(columns) & set(self.column_names):
            raise WrongUse(
                f"it learned from the columns {_listed(self.column_names)}, and this table has none of them but "
                f"{_listed(columns)}; rename those that mean the same, or name another source"
            )
        theirs = {column.name: column.known for column in fitted(items).categories}
        wider = [Category(c.name, tuple(dict.fromkeys((*c.known, *theirs.get(c.name, ()))))) for c in self.categories]
        more = fitted([{name: cell for name, cell in item.items() if name not in self.column_names} for item in items])
        return ColumnsProcessor((*self.numbers, *more.numbers), (*wider, *more.categories))


def fitted(items: Sequence[Mapping[str, Any]]) -> ColumnsProcessor:
    """The processor that knows these rows; a column that says nothing in them is left aside."""
    rows = list(items)
    names = dict.fromkeys(name for row in rows for name in row)
    numbers, categories = [], []
    for name in names:
        cells = [row.get(name) for row in rows]
        kind = kind_of(cells)
        if kind == "word":
            counts = Counter(said for cell in cells if (said := word(cell)) is not None)
            often = [
                said
                for said, count in sorted(counts.items(), key=lambda one: (-one[1], one[0]))
                if count >= LEAST_COUNT
            ]
            categories.append(Category(name, tuple(often[:MOST_WORDS])))
        elif kind != "nothing":
            numbers.append(_number(name, cells, is_date=kind == "date"))
    return ColumnsProcessor(tuple(numbers), tuple(categories))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names[:SHOWN])) + ", ..." * (len(names) > SHOWN)


def _number(name: str, cells: Sequence[Any], is_date: bool) -> Number:
    import numpy as np

    day_first = is_date and is_day_first(cells)
    plain = Number(name, 0.0, 1.0, is_date, day_first)
    values = np.array([value for cell in cells if not is_missing(cell) and (value := plain.read(cell)) is not None])
    values = values.clip(-LARGEST, LARGEST)
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    # a normal column's deviation; where most values are alike their plain deviation, where all are, 1
    spread = (high - low) / 1.349 or values.std() or 1.0
    has_time = is_date and bool((values % 1 != 0).any())
    return Number(name, float(middle), max(float(spread), 1 / LARGEST), is_date, day_first, has_time)


def of(settings: Mapping[str, Any]) -> ColumnsProcessor:
    """The processor of these settings."""
    check_settings(settings, ColumnsProcessor, "a columns processor")
    return ColumnsProcessor(
        tuple(Number(**column) for column in settings["numbers"]),
        tuple(Category(column["name"], tuple(column["known"])) for column in settings["categories"]),
    )
