"""The items of a command line: files as they are named, folders with all they hold; what cannot be read is told apart.

What a file holds is told by the model: one file is one picture, text or sound; a table is a row an item, or a text a row; and
of a time series a table is cut into windows that end at its last row.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferkit.core.errors import TransferkitError, WrongUse
from transferkit.core.examples import Chosen, Joined
from transferkit.core.format import ReadOptions, Skipped
from transferkit.core.run import Progress, silent

if TYPE_CHECKING:
    from transferkit.core.source import Processor
    from transferkit.data.table import Table

_HOLD = {
    "image": "a picture",
    "text": "a text, or a table with a column of texts,",
    "audio": "a sound",
    "tabular": "a table",
    "time_series": "a table of moments",
}
_SHOWN = 5


@dataclass(frozen=True)
class NamedItems:
    """Items that can be read, and files that cannot."""

    items: Sequence[Any] = ()
    """Pictures, sounds and texts in files are opened when asked for."""
    names: tuple[str, ...] = ()
    """One an item: its path, or that and a row."""
    unreadable: tuple[tuple[str, str], ...] = ()
    """(path, reason)."""

    def join(self, other: NamedItems) -> NamedItems:
        """These, then the others."""
        items = Joined(self.items, other.items) if len(self.items) and len(other.items) else self.items or other.items
        return NamedItems(items, self.names + other.names, self.unreadable + other.unreadable)


def read_items(
    named: Sequence[str], processor: Processor, progress: Progress = silent, options: ReadOptions | None = None
) -> NamedItems:
    """What the named files and folders hold for this processor. Raises one line where nothing is left to predict.

    `options`: which columns of a table hold texts, order a time series, tell its series apart, or are no input at all.
    """
    files = [file for name in named for file in _files(Path(name))]
    if not files:
        raise WrongUse(f"no file in {', '.join(named)}; name files, or folders that hold some")
    found = _READ[processor.modality](files, processor, options or ReadOptions(), progress)
    if not found.names:
        name, reason = found.unreadable[0]
        none = f"none of {len(files)} files is {_HOLD[processor.modality]} that can be used; " if len(files) > 1 else ""
        raise WrongUse(f"{none}{name}: {reason}")
    return found


def _files(path: Path) -> list[Path]:
    """The file itself, or every file below a folder but hidden ones; a file that is not there is found out later."""
    if not path.is_dir():
        return [path]
    below = (file for file in sorted(path.rglob("*")) if file.is_file())
    return [file for file in below if not any(part.startswith(".") for part in file.relative_to(path).parts)]


def _pictures(files: Sequence[Path], processor: Processor, options: ReadOptions, progress: Progress) -> NamedItems:
    from transferkit.data.picture import Pictures, check_pictures

    return _checked(files, check_pictures(files, [str(file) for file in files], progress), Pictures)


def _sounds(files: Sequence[Path], processor: Processor, options: ReadOptions, progress: Progress) -> NamedItems:
    from transferkit.data.sound import Piece, Sounds, check_sounds

    checked = check_sounds(files, [str(file) for file in files], progress)
    return _checked(files, checked, lambda usable: Sounds([Piece(file) for file in usable]))


def _texts(files: Sequence[Path], processor: Processor, options: ReadOptions, progress: Progress) -> NamedItems:
    """Files of one text each first, then the rows of tables."""
    from transferkit.data.table import SUFFIXES
    from transferkit.data.text import Decoder, TextFiles, check_text_files

    tables = [file for file in files if file.suffix.lower() in SUFFIXES]
    alone = [file for file in files if file.suffix.lower() not in SUFFIXES]
    decoder = Decoder(alone)
    checked = check_text_files(alone, [str(file) for file in alone], decoder, progress)
    found = _checked(alone, checked, lambda usable: TextFiles(usable, decoder))
    return found.join(_from_tables(tables, lambda table: _texts_of(table, options), progress))


def _rows(files: Sequence[Path], processor: Processor, options: ReadOptions, progress: Progress) -> NamedItems:
    return _from_tables(files, lambda table: _rows_of(table, processor), progress)


def _windows(files: Sequence[Path], processor: Processor, options: ReadOptions, progress: Progress) -> NamedItems:
    settings = processor.describe()
    length, n_channels = int(settings["length"]), len(settings["mean"])
    return _from_tables(files, lambda table: _windows_of(table, length, n_channels, options), progress, False)


_READ: dict[str, Callable[[Sequence[Path], Processor, ReadOptions, Progress], NamedItems]] = {
    "image": _pictures,
    "text": _texts,
    "audio": _sounds,
    "tabular": _rows,
    "time_series": _windows,
}


def _checked(
    files: Sequence[Path], results: Sequence[Any], opened: Callable[[list[Path]], Sequence[Any]]
) -> NamedItems:
    """Files of one item each; `results` has a `Skipped` for each that cannot be read."""
    usable = [file for file, result in zip(files, results, strict=True) if not isinstance(result, Skipped)]
    unreadable = tuple((result.name, result.reason) for result in results if isinstance(result, Skipped))
    return NamedItems(opened(usable) if usable else (), tuple(map(str, usable)), unreadable)


def _from_tables(
    files: Sequence[Path], items_of: Callable[[Table], NamedItems], progress: Progress, with_empty_rows: bool = True
) -> NamedItems:
    from transferkit.data.table import PLAIN_SUFFIXES, SUFFIXES, read_table

    found = NamedItems()
    for done, file in enumerate(files, start=1):
        try:
            if file.suffix.lower() not in SUFFIXES | PLAIN_SUFFIXES:
                raise WrongUse(f"not a table ({', '.join(sorted(SUFFIXES))} are read)")
            if not file.is_file():
                raise WrongUse("no such file")
            one = items_of(read_table(file, with_empty_rows=with_empty_rows))
        except TransferkitError as reason:
            one = NamedItems(unreadable=((str(file), str(reason).removeprefix(f"{file}: ")),))
        found = found.join(one)
        progress("reading tables", done, len(files))
    return found


def _texts_of(table: Table, options: ReadOptions) -> NamedItems:
    """The texts of the named column, or the one that looks most like one; empty ones are left out."""
    from transferkit.data.columns import check_named, find_item
    from transferkit.data.text import EMPTY, CellTexts
    from transferkit.data.text_table import TEXTS

    check_named(table, options)
    called_so = (column for name in TEXTS.names for column in table.columns if column.strip().lower() == name)
    lone = next(iter(table.columns)) if len(table.columns) == 1 else None
    column = find_item(table, TEXTS, options) or next(called_so, lone)
    if column is None:
        raise WrongUse(f"no column of texts among {_listed(list(table.columns))}; name one with --text-column")
    texts, names = CellTexts(table.columns[column]), _row_names(table)
    says = [bool(text) for text in texts]
    return NamedItems(
        Chosen(texts, [i for i, is_said in enumerate(says) if is_said]),
        tuple(name for name, is_said in zip(names, says, strict=True) if is_said),
        tuple((name, EMPTY) for name, is_said in zip(names, says, strict=True) if not is_said),
    )


def _rows_of(table: Table, processor: Processor) -> NamedItems:
    """Every row; refused where the model knows none of the columns, for it would then predict from nothing."""
    from transferkit.data.rows import Rows

    known = processor.column_names  # some take columns by their places
    if known and not set(known) & set(table.columns):
        raise WrongUse(
            f"none of its columns {_listed(list(table.columns))} is one that the model was fitted to: {_listed(known)}"
        )
    return NamedItems(Rows.of(table.columns), _row_names(table))


def _windows_of(table: Table, length: int, n_channels: int, options: ReadOptions) -> NamedItems:
    """Windows one after the other that end at the last row of each series; a shorter one is one window, filled up in front."""
    import numpy as np

    from transferkit.core.cells import kind_of, number
    from transferkit.data.columns import check_named, groups
    from transferkit.data.time_series import Windows, order_in_time

    check_named(table, options)
    taken = set(options.columns().values())
    numbers = [name for name, cells in table.columns.items() if name not in taken and kind_of(cells) == "number"]
    if len(numbers) != n_channels:
        raise WrongUse(
            f"{len(numbers)} columns of numbers ({_listed(numbers)}), but the model was fitted to windows of {n_channels}; say "
            "with --time-column, --group-column and --label-column which are none of these, as when it was fitted"
        )
    cells = [[np.nan if (said := number(cell)) is None else said for cell in table.columns[name]] for name in numbers]
    in_series = groups(table, options.group_column) or [""] * len(table.rows)
    order = order_in_time(table, options.time_column, in_series)
    rows = [table.rows[i] for i in order]
    bounds = [0, *(i for i in range(1, len(order)) if in_series[order[i]] != in_series[order[i - 1]]), len(order)]
    spans = [
        (max(first, end - length), end)
        for first, last in itertools.pairwise(bounds)
        for end in reversed(range(last, first, -length))
        if end - first >= length or end == last
    ]
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    names = [f"{table.path} rows {rows[start]} to {rows[end - 1]}" for start, end in spans]
    return NamedItems(Windows(np.array(cells, dtype=np.float32).T[order], starts, ends, length), tuple(names))


def _row_names(table: Table) -> tuple[str, ...]:
    return tuple(f"{table.path} row {row}" for row in table.rows)


def _listed(names: Sequence[str]) -> str:
    """The first few, in quotes."""
    return ", ".join(map(repr, names[:_SHOWN])) + ", ..." * (len(names) > _SHOWN)
