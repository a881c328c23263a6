"""Rows: the rows of a table as lazy items, kept by column: 8 bytes a number, 4 bytes a word however long it is.

An item is a dict of column -> float, str, or None where nothing is said; it is made when it is asked for. Dates stay as they
were written. A row's id is the SHA-256 of what it says, column names included: a table saved anew, or with its columns in
another order, has the same ids.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.cells import Kind, kind_of, number, word
from transferkit.core.compact import Digests
from transferkit.core.examples import Chosen

Row = dict[str, Any]
_SEPARATOR = "\x1f"
_AT_A_TIME = 4096
"""Cells of a column that are Python objects at a time."""


@dataclass(frozen=True, eq=False)
class Column:
    """n cells of one column."""

    values: np.ndarray
    """(n,) float64 with NaN where nothing is said; or (n,) int32 positions in `words`, -1 where nothing is said."""
    words: tuple[str, ...] | None
    """None for numbers."""
    kind: Kind

    @classmethod
    def of(cls, cells: Sequence[Any]) -> Column:
        """The cells of a column, numbers or words by what most of them are."""
        kind = kind_of(cells)
        if kind == "number":
            found = (np.nan if (value := number(cell)) is None else value for cell in cells)
            return cls(np.fromiter(found, np.float64, len(cells)), None, kind)
        position: dict[str, int] = {}
        codes = (-1 if (said := word(cell)) is None else position.setdefault(said, len(position)) for cell in cells)
        return cls(np.fromiter(codes, np.int32, len(cells)), tuple(position), kind)

    def cell(self, i: int) -> float | str | None:
        """What cell i says."""
        if self.words is None:
            value = float(self.values[i])
            return None if value != value else value
        code = int(self.values[i])
        return None if code < 0 else self.words[code]

    def only(self, indices: Sequence[int]) -> Column:
        """These cells, in this order, without the words of others."""
        values = self.values[np.asarray(indices, dtype=np.int64)]
        if self.words is None:
            return Column(values, None, self.kind)
        used = np.unique(values[values >= 0])
        codes = np.where(values >= 0, np.searchsorted(used, values), -1).astype(np.int32)
        return Column(codes, tuple(self.words[code] for code in used.tolist()), self.kind)

    @property
    def said(self) -> np.ndarray:
        """The values of the cells that say something."""
        is_said = self.values >= 0 if self.words is not None else ~np.isnan(self.values)
        found: np.ndarray = self.values[is_said]
        return found


class Rows(Sequence[Row]):
    """n rows of named columns."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self.columns = dict(columns)
        self._length = len(next(iter(self.columns.values())).values) if self.columns else 0

    @classmethod
    def of(cls, columns: Mapping[str, Sequence[Any]]) -> Rows:
        """From cells by column.

        >>> Rows.of({"age": ["63", "?"], "sex": ["m", "f"]})[1]
        {'age': None, 'sex': 'f'}
        """
        return cls({name: Column.of(cells) for name, cells in columns.items()})

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Chosen(self, range(len(self))[index])
        position = range(len(self))[index]
        return {name: column.cell(position) for name, column in self.columns.items()}

    def only(self, indices: Sequence[int]) -> Rows:
        """These rows, in this order, without the words that only others say.

        >>> Rows.of({"sex": ["m", "f"]}).only([1]).columns["sex"].words
        ('f',)
        """
        return Rows({name: column.only(indices) for name, column in self.columns.items()})

    def ids(self) -> Digests:
        """One SHA-256 a row, of the cells that say something: a column that is always empty changes none."""
        digests = bytearray()
        for row in zip(*(_texts(name, self.columns[name]) for name in sorted(self.columns)), strict=True):
            digests += hashlib.sha256(_SEPARATOR.join(filter(None, row)).encode()).digest()
        return Digests.of(digests)


def _texts(name: str, column: Column) -> Iterator[str]:
    known = [f"{name}='{said}'" for said in column.words or ()]
    for begin in range(0, len(column.values), _AT_A_TIME):
        values = column.values[begin : begin + _AT_A_TIME].tolist()
        if column.words is None:
            yield from ("" if value != value else f"{name}={value!r}" for value in values)
        else:
            yield from (known[code] if code >= 0 else "" for code in values)
