"""Table: the rows of a CSV, TSV, JSONL or Parquet file, and where each came from.

CSV and TSV are UTF-8 with a header; a CSV whose header has semicolons and no comma is separated by those. Rows are counted
as an editor or a spreadsheet shows them: the header of a CSV is row 1.
"""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transferkit.core.errors import WrongUse
from transferkit.core.format import ReadOptions

SUFFIXES = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"})
PEEKED = 200
"""Rows from which the kind of a table is told."""


@dataclass(frozen=True)
class Table:
    """n rows."""

    path: Path
    columns: dict[str, list[Any]]
    """Name -> n values; text everywhere in a CSV, None where a JSONL row lacks the column."""
    rows: list[int]
    """(n,) where each row stands in the file."""

    def where(self, i: int) -> str:
        """For error messages: `labels.csv row 7`."""
        return f"{self.path.name} row {self.rows[i]}"


def read_table(path: Path, encoding: str | None = None, most: int | None = None) -> Table:
    """Read all rows, or the first `most`. Raises WrongUse, one line with the row, where the file is not what its ending says.

    `encoding`: of a CSV, TSV or JSONL; None: UTF-8.
    """
    encoding = encoding or "utf-8-sig"
    try:
        if path.suffix.lower() == ".parquet":
            return _parquet(path, most)
        json_lines = path.suffix.lower() in (".jsonl", ".ndjson")
        rows = _json_lines(path, encoding) if json_lines else _delimited(path, encoding)
        numbered = list(itertools.islice(rows, most))
    except UnicodeDecodeError as reason:
        raise WrongUse(f"{path}: not UTF-8 text ({reason.reason} at byte {reason.start}); save it as UTF-8") from None
    names = list(dict.fromkeys(name for _, row in numbered for name in row))
    if not numbered:
        raise WrongUse(f"{path}: the table has no rows")
    columns = {name: [row.get(name) for _, row in numbered] for name in names}
    return Table(path, columns, [number for number, _ in numbered])


def _delimited(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding=encoding, newline="") as file:
        header = file.readline()
        separator = "\t" if path.suffix.lower() == ".tsv" else ";" if ";" in header and "," not in header else ","
        file.seek(0)
        reader = csv.reader(file, delimiter=separator)
        names = [name.strip() for name in next(reader, [])]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise WrongUse(f"{path}: two columns are called {twice!r}; rename one")
        before = reader.line_num
        for cells in reader:
            number, before = before + 1, reader.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(names):
                raise WrongUse(f"{path} row {number}: {len(cells)} cells where the header names {len(names)}")
            yield number, dict(zip(names, cells, strict=True))


def _json_lines(path: Path, encoding: str) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding=encoding) as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except json.JSONDecodeError as reason:
                raise WrongUse(f"{path} row {number}: not JSON ({reason.msg})") from None
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
