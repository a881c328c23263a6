"""Time series: a table of moments, read in windows - with --time-column, --window or both.

Rows are ordered by the time column within each series (the group column; without one all rows are one series). An item is a
window: its rows in order, one channel a column of numbers, float32 (length, channels), NaN where nothing is said or the series
had not begun. Its label is that of its last row: the class now, the value now, the life that remains.

Windows end at the last row of their series and every `stride` rows before it; without --stride no two overlap. A series shorter
than a window is one window, filled up in front. No window straddles two series, and windows of one series stay on one side of
a split. Where there is only one series, ten blocks of it are told apart, and windows that reach into another are left out.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from transferkit.core.cells import Kind, day, is_day_first, kind_of, number
from transferkit.core.errors import WrongUse
from transferkit.core.examples import Chosen, Examples
from transferkit.core.format import Format, Reading, ReadOptions
from transferkit.core.labels import are_many_numbers, are_quantities
from transferkit.core.run import Progress, silent
from transferkit.data.columns import check_named, groups, splits, usual_roles, weights
from transferkit.data.table import PLAIN_SUFFIXES, SUFFIXES, Table, read_table
from transferkit.data.tabular import about_header, label_column, labels_of

USUAL_LENGTH = 32
BLOCKS = 10
"""Of a lone series, so that a split can be drawn at all."""


class TimeSeries(Format):
    """Windows of a table of moments."""

    modality: ClassVar[str] = "time_series"
    turn: ClassVar[int] = 5
    example: ClassVar[str] = "a table of moments with --time-column, read in windows"

    def recognises(self, path: Path, options: ReadOptions) -> bool:
        """A person says so: a table looks the same whether or not its rows are moments."""
        said = options.time_column is not None or options.window is not None
        return said and path.is_file() and path.suffix.lower() in SUFFIXES | PLAIN_SUFFIXES

    def read(self, path: Path, options: ReadOptions, progress: Progress = silent) -> Reading:
        """Raises WrongUse, one line, where a moment cannot be read or no column of numbers is left."""
        table = read_table(path, options.encoding)
        check_named(table, options)
        roles = usual_roles(table, options) | {"weight": options.weight_column}
        label = label_column(table, options, roles)
        taken = {label, options.time_column, *roles.values()}
        kinds: dict[str, Kind] = {name: kind_of(cells) for name, cells in table.columns.items() if name not in taken}
        channels = [name for name, kind in kinds.items() if kind == "number"]
        if not channels:
            raise WrongUse(
                f"{path}: no column of numbers is left beside {label!r}; a window is made of numbers over time"
            )
        values = np.column_stack([_numbers(table.columns[name]) for name in channels]).astype(np.float32)
        in_series = groups(table, roles["group"]) or [""] * len(table.rows)
        order = order_in_time(table, options.time_column, in_series)
        length, stride = _sizes(options, in_series)
        ends, starts, series = windows(np.array(in_series, dtype=object)[order], length, stride)
        items = Windows(values[order], starts, ends, length)
        at = order[np.array(ends) - 1]  # rows of the table at which windows end
        labels, told = _labels(labels_of(table, label), order, in_series)
        split, weight = splits(table, roles["split"]), weights(table, roles["weight"])
        examples = Examples(
            items=items,
            ids=items.ids(),
            labels=tuple(labels[i] for i in at),
            names=tuple(f"{table.where(i)} and {length - 1} before it" for i in at),
            weights=None if weight is None else weight[at],
            groups=tuple(series),
            channels=tuple(channels),
        )
        dropped = [name for name, kind in kinds.items() if kind != "number"]
        notes = [f"{len(ends)} windows of {length} rows and {len(channels)} channels, {stride} rows apart"]
        notes += [f"left out, for a window is made of numbers: {', '.join(map(repr, dropped))}"] * bool(dropped)
        notes += about_header(table, label, options)
        return Reading.of("time_series", examples, [split[i] for i in at], notes=(*notes, *told, *table.notes))

    def in_memory(self, items: Sequence[Any]) -> Examples | None:
        """Windows (length, channels), or an array of them (n, length, channels), of numbers with a fraction."""
        found = (
            [np.asarray(item) for item in items] if len(items) and all(hasattr(i, "__array__") for i in items) else []
        )
        if not found or any(item.ndim != 2 or item.dtype.kind != "f" for item in found):
            return None
        if len({item.shape[1] for item in found}) > 1:
            raise WrongUse("windows have different numbers of channels; each must be (length, channels)")
        windows = tuple(np.ascontiguousarray(item, dtype=np.float32) for item in found)
        return Examples(items=windows, ids=tuple(map(_id, windows)))


class Windows(Sequence[Any]):
    """Windows of a table of numbers, cut out when they are asked for."""

    def __init__(self, values: np.ndarray, starts: Sequence[int], ends: Sequence[int], length: int) -> None:
        self.values, self.starts, self.ends, self.length = values, tuple(starts), tuple(ends), length

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Chosen(self, range(len(self))[index])
        rows = self.values[self.starts[index] : self.ends[index]]
        window = np.full((self.length, self.values.shape[1]), np.nan, dtype=np.float32)
        window[self.length - len(rows) :] = rows
        return window

    def ids(self) -> tuple[str, ...]:
        """The SHA-256 of each window's numbers."""
        return tuple(_id(self[i]) for i in range(len(self)))


def windows(series: Sequence[str] | np.ndarray, length: int, stride: int) -> tuple[list[int], list[int], list[str]]:
    """End (exclusive) and start of each window, and its group, for rows whose series stand together.

    >>> windows(["a"] * 5 + ["b"] * 3, length=2, stride=2)[:2]
    ([3, 5, 8], [1, 3, 6])
    """
    names = list(dict.fromkeys(series))
    bounds = np.flatnonzero(np.array([a != b for a, b in itertools.pairwise(series)], dtype=bool)) + 1
    lone = len(names) == 1
    ends: list[int] = []
    starts: list[int] = []
    found: list[str] = []
    for name, first, last in zip(names, [0, *bounds.tolist()], [*bounds.tolist(), len(series)], strict=True):
        block = -(-(last - first) // BLOCKS) if lone else last - first
        for end in reversed(range(last, first, -stride)):
            start = max(first, end - length)
            if end - start < length and end < last:  # only a whole series may be shorter than a window
                continue
            if lone and last - first > length and (start - first) // block != (end - 1 - first) // block:
                continue
            ends.append(end)
            starts.append(start)
            found.append(f"block {(start - first) // block}" if lone else str(name))
    return ends, starts, found


def _labels(labels: list[Any], order: np.ndarray, in_series: Sequence[str]) -> tuple[list[Any], list[str]]:
    """One label a row, and what is to be told of them: whole numbers are quantities where the rows say so.

    All rows are asked, for windows end at few of their values. A quantity moves on from row to row, so that its values may
    recur in every series; a class lasts.
    """
    known = [label for label in labels if label is not None]
    if not (are_quantities(known) or (are_many_numbers(known) and _moves(labels, order, in_series))):
        return labels, []
    told = (
        f"{len(set(known))} different whole numbers as labels were read as quantities; for classes say --task classify"
    )
    return [None if label is None else float(label) for label in labels], [told]


def _moves(labels: Sequence[Any], order: np.ndarray, in_series: Sequence[str]) -> bool:
    """Whether at least a quarter of the steps within a series change the label."""
    steps = [labels[a] != labels[b] for a, b in itertools.pairwise(order) if in_series[a] == in_series[b]]
    return bool(steps) and sum(steps) >= len(steps) / 4


def order_in_time(table: Table, time_column: str | None, in_series: Sequence[str]) -> np.ndarray:
    """(n,) rows, each series' together and in the order of time."""
    position = {name: i for i, name in enumerate(dict.fromkeys(in_series))}
    moments = np.arange(len(table.rows), dtype=np.float64) if time_column is None else _moments(table, time_column)
    return np.lexsort((moments, np.array([position[name] for name in in_series])))


def _moments(table: Table, column: str) -> np.ndarray:
    cells = table.columns[column]
    day_first = is_day_first(cells)
    found = []
    for i, cell in enumerate(cells):
        value = number(cell)
        value = day(cell, day_first) if value is None else value
        if value is None:
            raise WrongUse(
                f"{table.where(i)}: {column} is {cell!r}, which is neither a number nor a date; rows cannot be ordered"
            )
        found.append(value)
    return np.array(found)


def _sizes(options: ReadOptions, in_series: Sequence[str]) -> tuple[int, int]:
    """Rows in a window, and rows from one to the next."""
    for name in ("window", "stride"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise WrongUse(f"--{name} is {value}; it counts rows, 1 or more")
    counts = np.unique(np.array(in_series, dtype=str), return_counts=True)[1]
    usual = min(USUAL_LENGTH, int(np.median(counts)) if len(counts) > 1 else max(1, int(counts[0]) // (4 * BLOCKS)))
    # longer than every series it would only be filled up
    length = min(options.window, int(counts.max())) if options.window else max(1, usual)
    return length, options.stride or length


def _numbers(cells: Sequence[Any]) -> np.ndarray:
    return np.array([np.nan if (value := number(cell)) is None else value for cell in cells], dtype=np.float64)


def _id(window: np.ndarray) -> str:
    return hashlib.sha256(f"{window.shape}".encode() + window.tobytes()).hexdigest()
