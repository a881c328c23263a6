"""A table with a column of picture paths and one of labels; optional columns of split, group and weight.

Paths are relative to the table. An empty label means unlabelled. A file that is missing or cannot be used is left out and
listed with its row.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples
from transferkit.core.format import Format, Reading, ReadOptions, Skipped
from transferkit.core.run import Progress, silent
from transferkit.data.columns import (
    Content,
    find_columns,
    groups,
    is_table_of,
    label_values,
    looks_like_paths,
    splits,
    weights,
)
from transferkit.data.picture import SUFFIXES as PICTURE_SUFFIXES
from transferkit.data.picture import Checked, Pictures, check_pictures, several_frames
from transferkit.data.table import Table, read_table

PICTURES = Content(
    option="image_column",
    what="a column of picture paths",
    names=("image", "image_path", "img", "img_path", "picture"),
    fits=lambda table, cells: looks_like_paths(table, cells, PICTURE_SUFFIXES),
)


class ImageTable(Format):
    """Rows that name a picture and its label."""

    modality: ClassVar[str] = "image"
    example: ClassVar[str] = "a CSV, TSV, JSONL or Parquet table with a column of picture paths and one of labels"

    def recognises(self, path: Path, options: ReadOptions) -> bool:
        return is_table_of(path, options, PICTURES)

    def read(self, path: Path, options: ReadOptions, progress: Progress = silent) -> Reading:
        table = read_table(path, options.encoding)
        columns = find_columns(table, options, PICTURES)
        labels = label_values(table, columns.label, PICTURES)
        in_group, weight, split = (
            groups(table, columns.group),
            weights(table, columns.weight),
            splits(table, columns.split),
        )
        names = ["" if cell is None else str(cell).strip() for cell in table.columns[columns.item]]
        results = _check(table, names, progress)
        checked = [result for result in results if isinstance(result, Checked)]
        skipped = tuple(result for result in results if isinstance(result, Skipped))
        if not checked:
            raise WrongUse(
                f"{path}: none of the {len(names)} files in column {columns.item!r} can be used; paths are relative to "
                f"{path.resolve().parent}; {skipped[0].name}: {skipped[0].reason}"
            )
        usable = [i for i, result in enumerate(results) if isinstance(result, Checked)]
        examples = Examples(
            items=Pictures([one.path for one in checked]),
            ids=tuple(one.id for one in checked),
            labels=tuple(labels[i] for i in usable),
            names=tuple(names[i] for i in usable),
            weights=None if weight is None else weight[usable],
            groups=None if in_group is None else tuple(in_group[i] for i in usable),
        )
        notes = table.notes + several_frames(checked, examples.names)
        return Reading.of("image", examples, [split[i] for i in usable], skipped, notes)


def _check(table: Table, names: list[str], progress: Progress) -> list[Checked | Skipped]:
    """Each file once, however many rows name it."""
    files = [name for name in dict.fromkeys(names) if name]
    paths = [table.path.parent / name for name in files]
    by_name = dict(zip(files, check_pictures(paths, files, progress), strict=True))
    by_name[""] = Skipped("", "the row names no file")
    return [_with_row(by_name[name], table.where(i)) for i, name in enumerate(names)]


def _with_row(result: Checked | Skipped, where: str) -> Checked | Skipped:
    if isinstance(result, Checked):
        return result
    return Skipped(f"{where} ({result.name})" if result.name else where, result.reason)
