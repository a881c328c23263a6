"""Columns: which column of a table is what, by what the person said, by its name, by its content."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from transferkit.core.errors import WrongUse, unknown_name
from transferkit.core.format import ReadOptions, Split
from transferkit.core.labels import read_labels
from transferkit.data.split_names import SPLITS
from transferkit.data.table import SUFFIXES, Table, peek

_FILES = ("path", "filepath", "file_path", "file", "filename", "file_name")
_LABELS = ("label", "labels", "class", "class_name", "category", "target", "y", "species")
_SPLITS = ("split", "subset", "partition")
_GROUPS = ("group", "group_id", "groups", "patient", "patient_id", "subject", "subject_id")
_WEIGHTS = ("weight", "weights", "sample_weight")
ITEM_OPTIONS = frozenset({"image_column", "text_column", "audio_column"})
"""Each names the column of one kind of item; what is named decides the kind."""
_LOOKED_AT = 50
"""Values from which the content of a column is told."""


@dataclass(frozen=True)
class Columns:
    """Names of columns; None where the table has none of that kind."""

    item: str
    label: str | None
    """None only where items need have no label."""
    split: str | None
    group: str | None
    weight: str | None


@dataclass(frozen=True)
class Content:
    """What the items of a format are, as far as a column of a table is concerned."""

    option: str
    """Field of `ReadOptions` that names the column."""
    what: str
    """For error messages: "a column of picture paths"."""
    names: tuple[str, ...]
    """What such a column is often called, in lower case."""
    fits: Callable[[Table, Sequence[Any]], bool]
    """Whether the values of a column look like it."""
    labels: tuple[str, ...] = ()
    """What the labels of such items are often called, beside the names that every table may have."""


def find_columns(table: Table, options: ReadOptions, content: Content) -> Columns:
    """Which column is what. Raises one line that lists the columns where items or labels cannot be told."""
    check_named(table, options)
    found = usual_roles(table, options)
    item = find_item(table, content, options)
    if item is None:
        raise WrongUse(_not_found(table, content.what, f"--{content.option.replace('_', '-')}"))
    taken = {*found.values(), item}
    named_otherwise = _said_to_be_others(options, "label_column")
    label = (
        options.label_column
        or _named(table, (*_LABELS, *content.labels), but={item, *named_otherwise})
        or (None if options.unlabelled else _only(table, taken | named_otherwise))
    )
    if label is None and not options.unlabelled:
        raise WrongUse(_not_found(table, "a column of labels", "--label-column"))
    return Columns(item, label, **found)


def find_item(table: Table, content: Content, options: ReadOptions) -> str | None:
    """The column of the items: the named one; else, among those that look like it, the one called most like it."""
    if (named := getattr(options, content.option)) is not None:
        return str(named)
    taken = {*usual_roles(table, options).values(), options.label_column}
    alike = [name for name in table.columns if name not in taken and content.fits(table, table.columns[name])]
    named_so = [column for name in (*content.names, *_FILES) for column in alike if column.strip().lower() == name]
    return next(iter(named_so or alike), None)


def find_label(table: Table, options: ReadOptions) -> str | None:
    """The column of the labels: the named one, else the one called as in the other domain, else one that is called like it and
    was not named for anything else; None where there is none."""
    as_elsewhere = options.label_elsewhere if options.label_elsewhere in table.columns else None
    usual = _named(table, _LABELS, but=_said_to_be_others(options, "label_column"))
    return options.label_column or as_elsewhere or usual


def is_table_of(path: Path, options: ReadOptions, content: Content) -> bool:
    """Whether a table's items are of this content: a named column decides; without one, the values of some column do."""
    if not (path.is_file() and path.suffix.lower() in SUFFIXES):
        return False
    named = options.columns()
    if named.keys() & ITEM_OPTIONS:
        return content.option in named
    return find_item(peek(path, options), content, options) is not None


def check_named(table: Table, options: ReadOptions) -> None:
    """Refuse an option that names a column which is not there."""
    for column in options.columns().values():
        if column not in table.columns:
            raise unknown_name(f"column of {table.path.name}", column, table.columns)


def refuse_columns(path: Path, options: ReadOptions) -> None:
    """Refuse, for a folder, options that name columns."""
    for option in options.columns():
        flag = option.replace("_", "-")
        raise WrongUse(f"{path} is a folder, which has no columns; leave out --{flag}, or name a table")


def usual_roles(table: Table, options: ReadOptions) -> dict[str, str | None]:
    """The columns that say something of the items beside their label. One that a person named for anything else is none of
    them: who has "subject" predicted does not group by it."""
    usual = {"split": _SPLITS, "group": _GROUPS, "weight": _WEIGHTS}
    return {
        role: getattr(options, f"{role}_column")
        or _named(table, names, but=_said_to_be_others(options, f"{role}_column"))
        for role, names in usual.items()
    }


def _said_to_be_others(options: ReadOptions, option: str) -> frozenset[str]:
    """The columns that other options name."""
    return frozenset(column for name, column in options.columns().items() if name != option)


def label_values(table: Table, column: str | None, content: Content) -> list[Any]:
    """The label of each row, by the rule of `core/labels.py`. Labels that such items alone have are texts: a transcript may be
    "7", and another "nan"."""
    if column is None:
        return [None] * len(table.rows)
    cells = table.columns[column]
    if column.strip().lower() not in content.labels:
        return read_labels(cells, table.where)
    return [None if _is_empty(cell) else str(cell).strip() for cell in cells]


def splits(table: Table, column: str | None) -> list[Split | None]:
    """The split of each row; None where the cell is empty or there is no such column."""
    if column is None:
        return [None] * len(table.rows)
    found: list[Split | None] = []
    for i, value in enumerate(table.columns[column]):
        name = "" if _is_empty(value) else str(value).strip().lower()
        if name and name not in SPLITS:
            raise WrongUse(
                f"{table.where(i)}: {column} is {value!r}; expected train, validation or test, or nothing at all"
            )
        found.append(SPLITS.get(name))
    return found


def groups(table: Table, column: str | None) -> list[str] | None:
    """The group of each row; a row without one is a group of its own."""
    if column is None:
        return None
    cells = table.columns[column]
    return [table.where(i) if _is_empty(cell) else str(cell).strip() for i, cell in enumerate(cells)]


def weights(table: Table, column: str | None) -> np.ndarray | None:
    """(n,) float64; an empty cell counts 1."""
    if column is None:
        return None
    return np.array([_weight(table, column, i, cell) for i, cell in enumerate(table.columns[column])], dtype=np.float64)


def _weight(table: Table, column: str, i: int, cell: Any) -> float:
    if _is_empty(cell):
        return 1.0
    try:
        weight = float(cell)
    except (TypeError, ValueError):
        weight = -1.0
    if not (math.isfinite(weight) and weight >= 0):
        raise WrongUse(f"{table.where(i)}: {column} is {cell!r}; a weight is a number, 0 or more")
    return weight


def _named(table: Table, names: Sequence[str], but: Collection[str] = ()) -> str | None:
    lower = {column.strip().lower(): column for column in table.columns if column not in but}
    return next((lower[name] for name in names if name in lower), None)


def looks_like_paths(table: Table, cells: Sequence[Any], suffixes: Collection[str]) -> bool:
    """At least half of the first values end like such a file, or are files beside the table of no other known kind."""
    said = (cell.strip() for cell in cells if isinstance(cell, str) and cell.strip())
    texts = list(itertools.islice(said, _LOOKED_AT))
    paths = sum(
        Path(text).suffix.lower() in suffixes or (not Path(text).suffix and _is_beside(table, text)) for text in texts
    )
    return bool(texts) and paths >= len(texts) / 2


def _is_beside(table: Table, text: str) -> bool:
    try:
        return (table.path.parent / text).is_file()
    except (OSError, ValueError):  # too long for a name, or no name at all
        return False


def _only(table: Table, taken: set[str | None]) -> str | None:
    left = [name for name in table.columns if name not in taken]
    return left[0] if len(left) == 1 else None


def _is_empty(cell: Any) -> bool:
    return (
        cell is None or (isinstance(cell, float) and math.isnan(cell)) or (isinstance(cell, str) and not cell.strip())
    )


def _not_found(table: Table, what: str, option: str) -> str:
    return f"{table.path}: {what} was not found among {', '.join(map(repr, table.columns))}; name it with {option}"
