"""Table: the rows of a CSV, TSV, JSONL or Parquet file, and where each came from.

CSV and TSV have a header, or none, which `data/header.py` tells; a CSV whose first line has semicolons, or else tabs, and no
comma is separated by those. Text is in the declared encoding, or in the one that `data/encoding.py` finds. Rows are counted as
an editor or a spreadsheet shows them: the header of a CSV is row 1.
"""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transferkit.core.errors import WrongUse
from transferkit.core.format import ReadOptions
from transferkit.data.encoding import Encoding, encoding_of
from transferkit.data.header import LOOKED_AT, is_header, names_for

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


@dataclass(frozen=True)
class Table:
    """n rows."""

    path: Path
    columns: dict[str, list[Any]]
    """Name -> n values; text everywhere in a CSV, None where a JSONL row lacks the column."""
    rows: list[int]
    """(n,) where each row stands in the file."""
    notes: tuple[str, ...] = ()
    """Lines a person should read: that the encoding was guessed."""

    @property
    def has_header(self) -> bool:
        """False where a delimited file begins with data, so that its columns are called column_1, column_2, ..."""
        return next(iter(self.columns), "") != "column_1"

    def where(self, i: int) -> str:
        """For error messages: `labels.csv row 7`."""
        return f"{self.path.name} row {self.rows[i]}"


def read_table(
    path: Path, encoding: str | None = None, most: int | None = None, *, with_empty_rows: bool = False
) -> Table:
    """Read all rows, or the first `most`. Raises WrongUse, one line with the row, where the file is not what its ending says.

    `encoding`: of a CSV, TSV or JSONL; None: found out. Rows of a CSV or TSV whose cells are all empty are left out and told,
    unless `with_empty_rows`; a blank line is no row.
    """
    if path.suffix.lower() == ".parquet":
        return _parquet(path, most)
    try:
        found, numbered = _text_rows(path, encoding, most, None if most is None else _PEEKED_BYTES)
    except UnicodeDecodeError:  # the first rows go on beyond the bytes that were looked at
        found, numbered = _text_rows(path, encoding, most, None)
    notes = found.notes
    if not (with_empty_rows or path.suffix.lower() in JSON_LINES):
        filled = [(number, row) for number, row in numbered if any(cell.strip() for cell in row.values())]
        if len(filled) < len(numbered):
            notes += (
                _told_of_empty(path, sorted({number for number, _ in numbered} - {number for number, _ in filled})),
            )
        numbered = filled
    if not numbered:
        raise WrongUse(f"{path}: the table has no rows")
    names = list(dict.fromkeys(name for _, row in numbered for name in row))
    columns = {name: [row.get(name) for _, row in numbered] for name in names}
    return Table(path, columns, [number for number, _ in numbered], notes)


def _told_of_empty(path: Path, rows: list[int]) -> str:
    listed = ", ".join(map(str, rows[:SHOWN])) + ", ..." * (len(rows) > SHOWN)
    if len(rows) == 1:
        return f"{path.name} row {listed} is left out: its cells are all empty"
    return f"{len(rows)} rows of {path.name} are left out, for their cells are all empty: {listed}"


def _text_rows(
    path: Path, encoding: str | None, most: int | None, looked_at: int | None
) -> tuple[Encoding, list[tuple[int, dict[str, Any]]]]:
    found = encoding_of(path, encoding, looked_at)
    json_lines = path.suffix.lower() in JSON_LINES
    rows = _json_lines(path, found.name) if json_lines else _delimited(path, found.name)
    return found, list(itertools.islice(rows, most))


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

    try:
        if most is None:
            table = parquet.read_table(path)
        else:
            with parquet.ParquetFile(path) as file:
                batch = next(file.iter_batches(most), None)
                table = pyarrow.Table.from_batches([] if batch is None else [batch], file.schema_arrow)
    except (pyarrow.ArrowException, OSError) as reason:
        raise WrongUse(f"{path}: not a readable Parquet file ({str(reason).splitlines()[0]})") from None
    if table.num_rows == 0:
        raise WrongUse(f"{path}: the table has no rows")
    return Table(path, table.to_pydict(), list(range(1, table.num_rows + 1)))
