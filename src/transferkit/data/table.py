"""Table: the rows of a CSV, TSV, JSONL or Parquet file, and where each came from.

CSV and TSV have a header, or none, which `data/header.py` tells; a CSV whose first line has semicolons, or else tabs, and no
comma is separated by those. Text is in the declared encoding, or in the one that `data/encoding.py` finds. Rows are counted as
an editor or a spreadsheet shows them: the header of a CSV is row 1. Large tables do not stay in memory (`data/gathered.py`).
"""

from __future__ import annotations

import csv
import itertools
import json
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from transferkit.core.compact import RowNames
from transferkit.core.errors import WrongUse
from transferkit.core.format import ReadOptions
from transferkit.data.encoding import encoding_of
from transferkit.data.gathered import Gathered, Shelf
from transferkit.data.header import LOOKED_AT, is_header, names_for

if TYPE_CHECKING:
    from pyarrow import parquet

SUFFIXES = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"})
JSON_LINES = frozenset({".jsonl", ".ndjson"})
PLAIN_SUFFIXES = frozenset({".txt", ".dat", ".data"})
"""Files that may hold anything; as tables they are separated like a CSV, or by blanks."""
LONGEST_CELL = 2**31 - 1
"""Characters; Python's own limit of 131072 is less than a book. It is one for the whole process, and only ever raised here."""
SHOWN = 5
PEEKED = 200
"""Rows from which the kind of a table is told."""
_PEEKED_BYTES = 1 << 20
"""Bytes from which the encoding of those rows is told."""
_MOST_ROWS = 1000
"""Rows that are in memory as rows at a time,"""
_MOST_CHARACTERS = 2**22
"""or fewer, of about so many characters."""
_PARQUET_BUFFER = 2**20
"""Bytes of a column that are read at a time."""


@dataclass(frozen=True)
class Table:
    """n rows."""

    path: Path
    columns: dict[str, Sequence[Any]]
    """Name -> n values; text everywhere in a CSV, None where a JSONL row lacks the column. A list, or where that would be large
    a sequence that reads its values when asked for."""
    rows: Sequence[int]
    """(n,) where each row stands in the file."""
    notes: tuple[str, ...] = ()
    """Lines a person should read: that the encoding was guessed."""

    @property
    def has_header(self) -> bool:
        """False where a delimited file begins with data, so that its columns are called column_1, column_2, ..."""
        return next(iter(self.columns), "") != "column_1"

    def where(self, i: int) -> str:
        """For error messages: `labels.csv row 7`."""
        name: str = RowNames(self.path.name, np.array([self.rows[i]]))[0]
        return name

    def names(self, indices: Sequence[int] | np.ndarray) -> RowNames:
        """What a person calls the rows at `indices`."""
        return RowNames(self.path.name, np.asarray(self.rows, dtype=np.int64)[np.asarray(indices, dtype=np.int64)])


def read_table(
    path: Path, encoding: str | None = None, most: int | None = None, *, with_empty_rows: bool = False
) -> Table:
    """Read all rows, or the first `most`. Raises WrongUse, one line with the row, where the file is not what its ending says.

    `encoding`: of a CSV, TSV or JSONL; None: found out. Rows of a CSV or TSV whose cells are all empty are left out and told,
    unless `with_empty_rows`; a blank line is no row.
    """
    if path.suffix.lower() == ".parquet":
        return _parquet(path, most)
    looked_at = None if most is None else _PEEKED_BYTES
    try:
        return _text_table(path, encoding, most, looked_at, with_empty_rows)
    except UnicodeDecodeError:  # the first rows go on beyond the bytes that were looked at
        return _text_table(path, encoding, most, None, with_empty_rows)


def _told_of_empty(path: Path, rows: list[int]) -> str:
    listed = ", ".join(map(str, rows[:SHOWN])) + ", ..." * (len(rows) > SHOWN)
    if len(rows) == 1:
        return f"{path.name} row {listed} is left out: its cells are all empty"
    return f"{len(rows)} rows of {path.name} are left out, for their cells are all empty: {listed}"


def _text_table(
    path: Path, encoding: str | None, most: int | None, looked_at: int | None, with_empty_rows: bool
) -> Table:
    found = encoding_of(path, encoding, looked_at)
    json_lines = path.suffix.lower() in JSON_LINES
    every_row = itertools.islice(_json_lines(path, found.name) if json_lines else _delimited(path, found.name), most)
    may_be_empty = with_empty_rows or json_lines
    gathered: dict[str, Gathered] = {}
    shelf = Shelf()
    places = array("q")
    empty: list[int] = []
    for numbered in _parts(every_row):
        rows = []
        before = len(places)
        for number, row in numbered:
            if may_be_empty or any(cell.strip() for cell in row.values()):
                places.append(number)
                rows.append(row)
            else:
                empty.append(number)
        for name in dict.fromkeys(name for row in rows for name in row):
            if name not in gathered:
                gathered[name] = Gathered(shelf, before)
        for name, column in gathered.items():
            column.extend([row.get(name) for row in rows])
    if not places:
        raise WrongUse(f"{path}: the table has no rows")
    notes = (*found.notes, _told_of_empty(path, empty)) if empty else found.notes
    return Table(path, {name: column.column() for name, column in gathered.items()}, places, notes)


def _parts(numbered: Iterable[tuple[int, dict[str, Any]]]) -> Iterator[list[tuple[int, dict[str, Any]]]]:
    """The same rows, some at a time."""
    part: list[tuple[int, dict[str, Any]]] = []
    n_characters = 0
    for number, row in numbered:
        part.append((number, row))
        n_characters += sum(len(cell) for cell in row.values() if isinstance(cell, str))
        if len(part) == _MOST_ROWS or n_characters > _MOST_CHARACTERS:
            yield part
            part, n_characters = [], 0
    if part:
        yield part


def _delimited(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding=encoding, newline="") as file:
        header = file.readline()
        tabs = path.suffix.lower() == ".tsv"
        blank = " " if path.suffix.lower() in PLAIN_SUFFIXES else ","
        separator = "\t" if tabs else next((sign for sign in ",;\t" if sign in header), blank)
        file.seek(0)
        csv.field_size_limit(LONGEST_CELL)
        at_end: list[bool] = []
        reader = csv.reader(_lines(file, separator == " ", at_end), delimiter=separator)
        read = ((reader.line_num, cells, bool(at_end)) for cells in reader)
        peeked = list(itertools.islice(read, LOOKED_AT))
        first = peeked[0][1] if peeked else []
        named = is_header(first, [cells for _, cells, _ in peeked[1:]])
        names = [name.strip() for name in first] if named else names_for(len(first))
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise WrongUse(f"{path}: two columns are called {twice!r}; rename one")
        before = peeked[0][0] if named and peeked else 0
        for line, cells, beyond_end in itertools.chain(peeked[named:], read):
            number, before = before + 1, line
            if not any(cell.strip() for cell in cells):
                if len(cells) > 1 or len(cells) == len(names):
                    yield number, dict.fromkeys(names, "")
                continue
            if len(cells) != len(names):
                quote = "; a quote may be left open there" if line > number else ""
                raise WrongUse(f"{path} row {number}: {len(cells)} cells where the header names {len(names)}{quote}")
            if beyond_end and line > number:  # the rows below went into the row's last cell
                raise WrongUse(f"{path} row {number}: a quote is opened there and never closed; close it, or double it")
            yield number, dict(zip(names, cells, strict=True))


def _lines(file: Iterable[str], squeezed: bool, at_end: list[bool]) -> Iterator[str]:
    """The lines of a file, each run of blanks as one where `squeezed`; `at_end` gets an entry once there are no more."""
    for line in file:
        yield " ".join(line.split()) if squeezed else line
    at_end.append(True)


def _json_lines(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding=encoding) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as reason:  # also a number of thousands of digits
                said = reason.msg if isinstance(reason, json.JSONDecodeError) else str(reason).partition(";")[0]
                raise WrongUse(f"{path} row {number}: not JSON ({said})") from None
            if not isinstance(row, dict):
                raise WrongUse(f"{path} row {number}: expected one JSON object a line, got {type(row).__name__}")
            yield number, row


def peek(path: Path, options: ReadOptions) -> Table:
    """The first rows, from which the kind of a table is told."""
    return read_table(path, options.encoding, most=PEEKED)


def _parquet(path: Path, most: int | None) -> Table:
    import pyarrow
    from pyarrow import parquet

    n_rows = 0
    try:
        # without these two a whole row group, which may be the whole file, is in memory at once
        with parquet.ParquetFile(path, buffer_size=_PARQUET_BUFFER, pre_buffer=False) as file:
            names = file.schema_arrow.names
            shelf = Shelf()
            gathered = [Gathered(shelf) for _ in names]
            for batch in file.iter_batches(_rows_at_a_time(file.metadata) if most is None else most):
                n_rows += batch.num_rows
                for column, cells in zip(gathered, batch.columns, strict=True):
                    column.extend(cells.to_pylist())
                if most is not None:
                    break
    except (pyarrow.ArrowException, OSError) as reason:
        raise WrongUse(f"{path}: not a readable Parquet file ({str(reason).splitlines()[0]})") from None
    if n_rows == 0:
        raise WrongUse(f"{path}: the table has no rows")
    columns = {name: column.column() for name, column in zip(names, gathered, strict=True)}
    return Table(path, columns, range(1, n_rows + 1))


def _rows_at_a_time(about: parquet.FileMetaData) -> int:
    n_bytes: int = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
    n_rows: int = about.num_rows
    return max(1, min(_MOST_ROWS, _MOST_CHARACTERS * n_rows // max(1, n_bytes)))
