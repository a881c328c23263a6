"""Columns: which column of a table is what, by what the person said, by its name, by its content."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from transferkit.core.errors import WrongUse, unknown_name
from transferkit.core.format import ReadOptions, Split
from transferkit.data.picture import SUFFIXES
from transferkit.data.split_names import SPLITS
from transferkit.data.table import Table

_IMAGES = (
    "image",
    "image_path",
    "img",
    "img_path",
    "picture",
    "path",
    "filepath",
    "file_path",
    "file",
    "filename",
    "file_name",
)
_LABELS = ("label", "labels", "class", "class_name", "category", "target", "y", "species")
_SPLITS = ("split", "subset", "partition")
_GROUPS = ("group", "group_id", "groups", "patient", "patient_id", "subject", "subject_id")
_WEIGHTS = ("weight", "weights", "sample_weight")
_LOOKED_AT = 50
"""Values from which the content of a column is told."""


@dataclass(frozen=True)
class Columns:
    """Names of columns; None where the table has none of that kind."""

    image: str
    label: str
    split: str | None
    group: str | None
    weight: str | None


def find_columns(table: Table, options: ReadOptions) -> Columns:
    """Which column is what. Raises one line that lists the columns where paths or labels cannot be told."""
    for option in (o for o in vars(options).values() if o is not None):
        if option not in table.columns:
            raise unknown_name(f"column of {table.path.name}", option, table.columns)
    split = options.split_column or _named(table, _SPLITS)
    group = options.group_column or _named(table, _GROUPS)
    weight = options.weight_column or _named(table, _WEIGHTS)
    taken = {split, group, weight, options.label_column}
    image = options.image_column or _image(table, [name for name in table.columns if name not in taken])
    if image is None:
        raise WrongUse(_not_found(table, "a column of picture paths", "--image-column"))
    label = options.label_column or _named(table, _LABELS, but=image) or _only(table, {*taken, image})
    if label is None:
        raise WrongUse(_not_found(table, "a column of labels", "--label-column"))
    return Columns(image, label, split, group, weight)


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


def _named(table: Table, names: Sequence[str], but: str | None = None) -> str | None:
    lower = {column.strip().lower(): column for column in table.columns if column != but}
    return next((lower[name] for name in names if name in lower), None)


def _image(table: Table, candidates: list[str]) -> str | None:
    """Among the columns whose values look like pictures' paths the one named most like it, else the first."""
    alike = [name for name in candidates if _looks_like_paths(table, table.columns[name])]
    return next(
        (column for name in _IMAGES for column in alike if column.strip().lower() == name), next(iter(alike), None)
    )


def _looks_like_paths(table: Table, cells: list[Any]) -> bool:
    """At least half of the first values end like a picture, or are files beside the table."""
    texts = [cell.strip() for cell in cells if isinstance(cell, str) and cell.strip()][:_LOOKED_AT]
    paths = sum(Path(text).suffix.lower() in SUFFIXES or (table.path.parent / text).is_file() for text in texts)
    return bool(texts) and paths >= len(texts) / 2


def _only(table: Table, taken: set[str | None]) -> str | None:
    left = [name for name in table.columns if name not in taken]
    return left[0] if len(left) == 1 else None


def _is_empty(cell: Any) -> bool:
    return (
        cell is None or (isinstance(cell, float) and math.isnan(cell)) or (isinstance(cell, str) and not cell.strip())
    )


def _not_found(table: Table, what: str, option: str) -> str:
    return f"{table.path}: {what} was not found among {', '.join(map(repr, table.columns))}; name it with {option}"
