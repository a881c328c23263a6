"""A table with a column of sound paths and one of labels; optional columns of split, group and weight, of start and end.

Paths are relative to the table. An empty label means unlabelled. `start` and `end`, in seconds, name a piece of a long
recording; pieces of one recording stay on one side of every split, unless a group column says otherwise. A file or piece
that cannot be used is left out and listed with its row.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, ClassVar

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
from transferkit.data.sound import SUFFIXES as SOUND_SUFFIXES
from transferkit.data.sound import Checked, Piece, Sounds, check_sounds, notes_about
from transferkit.data.table import Table, read_table

TRANSCRIPTS = ("transcript", "transcription", "sentence", "text")
"""What a column of what is said is often called."""
SOUNDS = Content(
    option="audio_column",
    what="a column of sound paths",
    names=("audio", "audio_path", "sound", "sound_path", "wav", "recording", "clip", "audio_filepath"),
    fits=lambda table, cells: looks_like_paths(table, cells, SOUND_SUFFIXES),
    labels=TRANSCRIPTS,
)
STARTS = ("start", "start_seconds")
ENDS = ("end", "end_seconds")


class SoundTable(Format):
    """Rows that name a recording, or a piece of one, and its label."""

    modality: ClassVar[str] = "audio"
    example: ClassVar[str] = "a CSV, TSV, JSONL or Parquet table with a column of sound paths and one of labels"

    def recognises(self, path: Path, options: ReadOptions) -> bool:
        return is_table_of(path, options, SOUNDS)

    def read(self, path: Path, options: ReadOptions, progress: Progress = silent) -> Reading:
        table = read_table(path, options.encoding)
        start, end = _column(table, STARTS, options), _column(table, ENDS, options)
        columns = find_columns(_without(table, start, end), options, SOUNDS)
        labels = label_values(table, columns.label, SOUNDS)
        weight, split = weights(table, columns.weight), splits(table, columns.split)
        names = ["" if cell is None else str(cell).strip() for cell in table.columns[columns.item]]
        in_group = groups(table, columns.group)
        if in_group is None and (start or end):
            in_group = names
        pieces = [
            Piece(path.parent / name, _seconds(table, start, i) or 0.0, _seconds(table, end, i))
            for i, name in enumerate(names)
        ]
        spelled = [_spelled(name, piece) for name, piece in zip(names, pieces, strict=True)]
        results = _check(table, names, pieces, progress)
        checked = [result for result in results if isinstance(result, Checked)]
        skipped = tuple(result for result in results if isinstance(result, Skipped))
        if not checked:
            raise WrongUse(
                f"{path}: none of the {len(names)} files in column {columns.item!r} can be used; paths are relative to "
                f"{path.resolve().parent}; {skipped[0].name}: {skipped[0].reason}"
            )
        usable = [i for i, result in enumerate(results) if isinstance(result, Checked)]
        examples = Examples(
            items=Sounds.of(checked),
            ids=tuple(one.id for one in checked),
            labels=tuple(labels[i] for i in usable),
            names=tuple(spelled[i] for i in usable),
            weights=None if weight is None else weight[usable],
            groups=None if in_group is None else tuple(in_group[i] for i in usable),
        )
        notes = table.notes + notes_about(checked, examples.names)
        return Reading.of("audio", examples, [split[i] for i in usable], skipped, notes)


def _check(table: Table, names: list[str], pieces: list[Piece], progress: Progress) -> list[Checked | Skipped]:
    """Each piece once, however many rows name it."""
    different = list(dict.fromkeys(piece for piece, name in zip(pieces, names, strict=True) if name))
    results = check_sounds(different, [str(piece.path) for piece in different], progress)
    by_piece = dict(zip(different, results, strict=True))
    found: list[Checked | Skipped] = []
    for i, (name, piece) in enumerate(zip(names, pieces, strict=True)):
        result = by_piece[piece] if name else Skipped("", "the row names no file")
        if isinstance(result, Skipped):
            result = Skipped(f"{table.where(i)} ({name})" if name else table.where(i), result.reason)
        found.append(result)
    return found


def _column(table: Table, names: tuple[str, ...], options: ReadOptions) -> str | None:
    """The column of this name whose values are numbers or nothing, if the person has not said that it is something else."""
    said = options.columns().values()
    for column, cells in table.columns.items():
        if column in said or column.strip().lower() not in names:
            continue
        if all(_is_empty(cell) or _number(cell) is not None for cell in cells):
            return column
    return None


def _without(table: Table, *columns: str | None) -> Table:
    """The table without columns whose meaning is known, so that a label can be told among what is left."""
    return Table(table.path, {name: cells for name, cells in table.columns.items() if name not in columns}, table.rows)


def _seconds(table: Table, column: str | None, i: int) -> float | None:
    cell = None if column is None else table.columns[column][i]
    if _is_empty(cell):
        return None
    seconds = _number(cell)
    if seconds is None or seconds < 0:
        raise WrongUse(f"{table.where(i)}: {column} is {cell!r}; expected seconds, 0 or more")
    return seconds


def _number(cell: Any) -> float | None:
    try:
        number = float(cell)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and math.isnan(cell)) or not str(cell).strip()


def _spelled(name: str, piece: Piece) -> str:
    """`long.wav` or `long.wav 2.5-4 s`."""
    if not piece.start and piece.end is None:
        return name
    return f"{name} {piece.start:g}-{'' if piece.end is None else f'{piece.end:g}'} s"
