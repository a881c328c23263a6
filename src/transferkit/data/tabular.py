"""Tabular: a table whose rows are the items - numbers, words, dates, gaps - with one column to predict.

That column is the one named with --label-column, else one called like labels (label, class, target, y, ...), else the last
that has no other role. A column of splits, of groups or of weights is no part of the item; weights only where they are named,
for in a table "weight" is mostly a quantity. What cannot help to predict is left out and told (`data/left_out_columns.py`).
How cells are read: `core/cells.py`; a file without a header: `data/header.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from transferkit.core.cells import is_missing, number
from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples, Joined
from transferkit.core.format import Format, Reading, ReadOptions
from transferkit.core.labels import read_labels
from transferkit.core.run import Progress, silent
from transferkit.data.columns import ITEM_OPTIONS, check_named, find_label, groups, splits, usual_roles, weights
from transferkit.data.header import names_for
from transferkit.data.left_out_columns import constant, told, told_of_constant, useless
from transferkit.data.rows import Column, Rows
from transferkit.data.table import PLAIN_SUFFIXES, SUFFIXES, Table, peek, read_table


class Tabular(Format):
    """Rows of a table."""

    modality: ClassVar[str] = "tabular"
    turn: ClassVar[int] = 20
    example: ClassVar[str] = "a CSV, TSV, JSONL or Parquet table of numbers and words with a column to predict"

    def recognises(self, path: Path, options: ReadOptions) -> bool:
        """Every table that no other format has claimed; a .txt, .dat or .data file where it is one of several columns."""
        if not path.is_file() or ITEM_OPTIONS & options.columns().keys():
            return False
        suffix = path.suffix.lower()
        return suffix in SUFFIXES or (suffix in PLAIN_SUFFIXES and looks_like_columns(path, options))

    def read(self, path: Path, options: ReadOptions, progress: Progress = silent) -> Reading:
        """Rows without a label are unlabelled; "?", NA and the like count as no label too."""
        table = read_table(path, options.encoding)
        check_named(table, options)
        roles = usual_roles(table, options) | {"weight": options.weight_column}
        label = _likely_label(table, options, roles) if options.unlabelled else label_column(table, options, roles)
        taken = {label, *filter(None, roles.values())}
        cells = {name: column for name, column in table.columns.items() if name not in taken}
        columns: dict[str, Column] = {}
        for done, (name, column) in enumerate(cells.items(), start=1):
            columns[name] = Column.of(column)
            progress("reading columns", done, len(cells))
        left_out = useless(columns)
        kept = Rows({name: column for name, column in columns.items() if name not in set().union(*left_out.values())})
        same = constant(columns)
        if not kept.columns.keys() - set(same):
            what = (
                "; ".join((*told(left_out), *told_of_constant(same)))
                or f"its one column {label!r} is what is to be predicted"
            )
            wanted = "from" if label is None else f"{label!r} from"
            raise WrongUse(f"{path}: no column is left to predict {wanted} ({what}); add columns that say something")
        in_group = groups(table, roles["group"])
        examples = Examples(
            items=kept,
            ids=kept.ids(),
            labels=(None,) * len(table.rows) if label is None else tuple(labels_of(table, label)),
            names=table.names(range(len(table.rows))),
            weights=weights(table, roles["weight"]),
            groups=None if in_group is None else tuple(in_group),
        )
        notes = (
            *(_told_of_further(cells, options) if label is None else about_header(table, label, options)),
            *told(left_out),
            *told_of_constant(same),
            *_slips(cells, columns, table),
            *table.notes,
        )
        found = Reading.of("tabular", examples, splits(table, roles["split"]), notes=notes)
        return replace(found, label_column=label or "")

    def items(self, paths: list[Path]) -> Sequence[Any] | None:
        """The rows of all these tables, one after the other."""
        found: Sequence[Any] = ()
        for path in paths:
            rows = Rows.of(read_table(path, with_empty_rows=True).columns)
            found = Joined(found, rows) if len(found) else rows
        return found

    def in_memory(self, items: Sequence[Any]) -> Examples | None:
        """A pandas table, a list of mappings, or an array (n, d), whose columns are then called column_1, column_2, ..."""
        rows = rows_in_memory(items)
        return None if rows is None else Examples(items=rows, ids=rows.ids())


def rows_in_memory(items: Any) -> Rows | None:
    """Rows of what is in memory already; None where these are no rows.

    >>> rows_in_memory([{"age": 63}, {"age": 37, "sex": "f"}])[0]
    {'age': 63.0, 'sex': None}
    """
    if isinstance(items, Rows):
        return items
    if hasattr(items, "columns") and hasattr(items, "iloc"):  # pandas, which need not be imported to be recognised
        if not items.columns.is_unique:
            twice = items.columns[items.columns.duplicated()][0]
            raise WrongUse(f"two columns are called {twice!r}; rename one")
        return Rows.of({str(name): items[name].tolist() for name in items.columns})
    array = items if isinstance(items, np.ndarray) else None
    if array is None and len(items) and all(isinstance(item, np.ndarray) and item.ndim == 1 for item in items):
        array = np.stack(items) if len({len(item) for item in items}) == 1 else None
    if array is not None:
        if array.ndim != 2:
            return None
        return Rows.of({name: array[:, i].tolist() for i, name in enumerate(names_for(array.shape[1]))})
    if not all(isinstance(item, Mapping) for item in items):
        return None
    names = list(dict.fromkeys(name for item in items for name in item))
    return Rows.of({str(name): [item.get(name) for item in items] for name in names})


def label_column(table: Table, options: ReadOptions, roles: Mapping[str, str | None]) -> str:
    """The column to predict: named, or called like labels, or the last one that has no other role. Beside another domain whose
    labels are called something the place of a column says nothing."""
    label = find_label(table, options) or (None if options.label_elsewhere else _last_left(table, options, roles))
    if label is None and options.label_elsewhere:
        raise WrongUse(
            f"{table.path}: no column is called {options.label_elsewhere!r}, as the labels of the other domain are"
        )
    if label is None and options.not_labels:
        raise WrongUse(f"{table.path}: no column beside those of the other domain, so none of labels")
    if label is None:
        raise WrongUse(
            f"{table.path}: no column is left to predict beside {', '.join(map(repr, table.columns))}; add one"
        )
    return label


def _likely_label(table: Table, options: ReadOptions, roles: Mapping[str, str | None]) -> str | None:
    """Where rows need have no label: the column that is named or called like labels, or, where the columns of the other domain
    are known and not what its labels are called, the last one that it does not have."""
    by_place = options.not_labels and not options.label_elsewhere
    return find_label(table, options) or (_last_left(table, options, roles) if by_place else None)


def _told_of_further(names: Collection[str], options: ReadOptions) -> tuple[str, ...]:
    """A line on the columns that could be taken for labels, beside a domain whose labels are called otherwise."""
    labels, further = options.label_elsewhere, [repr(name) for name in names if name not in options.not_labels]
    if not labels or not further:
        return ()
    return (
        f"{' and '.join(further)}: not among the columns of the other domain, whose labels are called {labels!r}, and taken "
        f"for no labels; call the column {labels!r} if it holds them",
    )


def _last_left(table: Table, options: ReadOptions, roles: Mapping[str, str | None]) -> str | None:
    taken = {*roles.values(), options.time_column, *options.not_labels}
    return next((name for name in reversed(table.columns) if name not in taken), None)


def labels_of(table: Table, column: str) -> list[Any]:
    """One label a row, None where the cell says nothing."""
    return read_labels([None if is_missing(cell) else cell for cell in table.columns[column]], table.where)


def about_header(table: Table, label: str, options: ReadOptions) -> tuple[str, ...]:
    """What a person should know where names or the label's place were found out."""
    if not table.has_header:
        return (
            f"the file has no header: its columns are called column_1 to {list(table.columns)[-1]}, {label} is predicted",
        )
    return (
        ()
        if find_label(table, options)
        else (f"the last column, {label!r}, is predicted; name another with --label-column",)
    )


def looks_like_columns(path: Path, options: ReadOptions) -> bool:
    """Whether a plain file has rows of several cells each, some of them numbers."""
    try:
        table = peek(path, options)
    except WrongUse:
        return False
    if len(table.columns) < 2:
        return False
    return any(number(cell) is not None for cells in table.columns.values() for cell in cells)


def _slips(cells: Mapping[str, Sequence[Any]], columns: Mapping[str, Column], table: Table) -> list[str]:
    """One line for each column of numbers in which a few words stand."""
    lines = []
    for name, column in columns.items():
        if column.kind == "number":
            slips = [i for i, cell in enumerate(cells[name]) if not is_missing(cell) and number(cell) is None]
            if slips:
                first = f"{cells[name][slips[0]]!r} in {table.where(slips[0])}"
                lines.append(
                    f"column {name!r} is of numbers; {len(slips)} of its cells are none and count as missing, such as {first}"
                )
    return lines
