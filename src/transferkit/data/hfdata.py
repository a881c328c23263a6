"""`hfdata:name:config:split`: Hugging Face data sets, through `datasets` (https://huggingface.co/docs/datasets).

A column of pictures or sounds makes the items, read lazily; anything else is a table and is read as one (`text_table`,
`tabular`, ...). A class label, or a list of them, is read by its names; -1 and null mean unlabelled. The splits of the data set
are the owner's splits where none was named; with one split named its rows are all there is.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.examples import Examples
from transferkit.core.format import Format, Reading, ReadOptions, Skipped
from transferkit.core.recognise import recognise_format
from transferkit.core.remote import first_line
from transferkit.core.run import Progress, silent
from transferkit.data import picture, sound
from transferkit.data.columns import Content, find_columns, find_label, groups, label_values, weights
from transferkit.data.gathered import Gathered, Shelf
from transferkit.data.hub_media import HubPictures, HubSounds, Media
from transferkit.data.hub_rows import SCHEME, Place, Rows, read_rows
from transferkit.data.sound_table import TRANSCRIPTS
from transferkit.data.table import Table

if TYPE_CHECKING:
    import pyarrow
    from datasets import Dataset

_SPLIT = "split of the data set"
_KINDS = {"Image": ("image", "image_column", HubPictures), "Audio": ("audio", "audio_column", HubSounds)}
"""Feature -> modality, the option that names its column, and its items."""
_PIECE_BYTES = 2**22
"""Of rows that are on their way to a table at a time,"""
_PIECE_ROWS = 10_000
"""or so many rows where those are fewer."""


class HubData(Format):
    """Rows of a Hugging Face data set."""

    modality: ClassVar[str] = "any"
    turn: ClassVar[int] = 99
    scheme: ClassVar[str] = SCHEME
    example: ClassVar[str] = "a Hugging Face data set, as in hfdata:name:config:split"

    def recognises(self, path: Path, options: ReadOptions) -> bool:
        """No path is one: it is known by its scheme."""
        return False

    def read(self, path: Path, options: ReadOptions, progress: Progress = silent) -> Reading:
        place = Place.of(path.as_posix())
        rows = read_rows(place, options.offline)
        labelled = replace(options, label_column=_label_column(rows.table, place, options))
        found = _media_column(rows.table, options)
        if found is None:
            return _as_table(place, rows, labelled, progress)
        return _media(place, rows, *found, options=labelled, progress=progress)


def _media_column(table: Dataset, options: ReadOptions) -> tuple[str, str] | None:
    """The column of the items and the kind of its feature: the named one, else the first of pictures, then of sounds."""
    kinds = {column: type(feature).__name__ for column, feature in table.features.items()}
    for kind, (_, option, _) in _KINDS.items():
        if (named := getattr(options, option)) is not None and kinds.get(named) == kind:
            return named, kind
    if options.text_column is not None:
        return None
    return next(((column, kind) for kind in _KINDS for column, other in kinds.items() if other == kind), None)


def _label_column(table: Dataset, place: Place, options: ReadOptions) -> str | None:
    """The named one; else the one that is called like it; else the first that holds class labels, or lists of them."""
    usual = find_label(Table(Path(place.name), {name: [] for name in table.column_names}, []), options)
    return usual or next((name for name, feature in table.features.items() if _names_of(feature)), None)


def _media(place: Place, rows: Rows, item: str, kind: str, *, options: ReadOptions, progress: Progress) -> Reading:
    modality, option, items_of = _KINDS[kind]
    name = Path(place.name).name
    media: Media = items_of(rows.table, item, name)
    others = {column: _cells(rows, column, hides=False) for column in _plain_columns(rows.table) if column != item}
    cells: list[Any] = [None] * len(rows.splits)
    table = Table(Path(name), {item: cells, **others}, range(1, len(cells) + 1))
    transcripts = TRANSCRIPTS if modality == "audio" else ()
    content = Content(option, f"a column of {modality}s", (), lambda _, column: column is cells, transcripts)
    named: dict[str, Any] = {option: item}
    columns = find_columns(table, replace(options, **named), content)
    if columns.label is not None:
        table.columns[columns.label] = _cells(rows, columns.label, hides=True)
    labels = label_values(table, columns.label, content)
    in_group, weight = groups(table, columns.group), weights(table, columns.weight)
    results = media.checked(progress)
    usable = [i for i, result in enumerate(results) if not isinstance(result, Skipped)]
    skipped = tuple(result for result in results if isinstance(result, Skipped))
    if not usable:
        raise WrongUse(f"{place}: none of {len(results)} rows of column {item!r} can be used; {skipped[0].reason}")
    whole = Examples(
        items=media,
        ids=tuple("" if isinstance(result, Skipped) else result.id for result in results),
        labels=tuple(labels),
        names=table.names(range(len(results))),
        weights=weight,
        groups=None if in_group is None else tuple(in_group),
    )
    examples = whole.take(usable)
    notes = (*rows.notes, *_told([results[i] for i in usable], examples.names))
    return Reading.of(modality, examples, [rows.splits[i] for i in usable], skipped, notes)


def _told(checked: Sequence[Any], names: Sequence[str]) -> tuple[str, ...]:
    """What a person should know of the items."""
    told: Callable[..., tuple[str, ...]] = (
        sound.notes_about if isinstance(checked[0], sound.Checked) else picture.several_frames
    )
    return told(checked, names)


def _as_table(place: Place, rows: Rows, options: ReadOptions, progress: Progress) -> Reading:
    """Through a Parquet file, by the format that recognises it."""
    from pyarrow import parquet

    columns = _plain_columns(rows.table)
    if not columns:
        raise WrongUse(f"{place}: none of its columns {', '.join(map(repr, rows.table.column_names))} can be read")
    hidden = options.label_column
    if adds_split := any(rows.splits) and options.split_column is None:
        options = replace(options, split_column=_SPLIT)
    with tempfile.TemporaryDirectory(prefix="transferkit-") as folder:
        path = Path(folder) / f"{Path(place.name).name}.parquet"
        pieces = _pieces(rows, columns, hidden, adds_split)
        first = next(pieces)
        try:
            with parquet.ParquetWriter(path, first.schema) as writer:
                for piece in itertools.chain([first], pieces):
                    writer.write_table(piece)
        except OSError as reason:
            raise Failed(f"{place} cannot be written to {tempfile.gettempdir()}: {first_line(reason)}") from None
        try:
            reading = recognise_format(path, options).read(path, options, progress)
        except WrongUse as reason:
            raise WrongUse(str(reason).replace(str(path), str(place))) from None
    return replace(reading, notes=(*rows.notes, *reading.notes))


def _pieces(rows: Rows, columns: Sequence[str], hidden: str | None, adds_split: bool) -> Iterator[pyarrow.Table]:
    """The rows as Arrow has them, a few megabytes at a time; class labels by their names, those of column `hidden` only where
    they may be known, and a column of the owner's splits where `adds_split`."""
    import pyarrow

    table = rows.table.select_columns(list(columns)).with_format("arrow")
    n_rows = max(1, min(_PIECE_ROWS, _PIECE_BYTES * len(table.data) // max(1, table.data.nbytes)))
    for begin in range(0, len(table), n_rows):
        part = slice(begin, begin + n_rows)
        piece: pyarrow.Table = table[part]
        cells = {name: _arrow(piece[name], _names_of(table.features[name])) for name in columns}
        if hidden in cells:
            known = [None if hide else i for i, hide in enumerate(rows.is_unlabelled[part])]
            cells[hidden] = cells[hidden].take(pyarrow.array(known, pyarrow.int64()))  # null for an index of null
        if adds_split:
            cells[_SPLIT] = pyarrow.array([split or "" for split in rows.splits[part]], pyarrow.string())
        yield pyarrow.table(cells)


def _arrow(column: pyarrow.ChunkedArray, names: Sequence[str] | None) -> pyarrow.Array:
    """One array of a type that Parquet knows."""
    import pyarrow

    if names is not None:
        kind = pyarrow.string()
        is_list = pyarrow.types.is_list(column.type) or pyarrow.types.is_large_list(column.type)
        return pyarrow.array(_spelled(column.to_pylist(), names), pyarrow.list_(kind) if is_list else kind)
    whole = pyarrow.concat_arrays(column.chunks) if column.num_chunks else pyarrow.array([], column.type)
    return whole.storage if isinstance(whole.type, pyarrow.BaseExtensionType) else whole


def _plain_columns(table: Dataset) -> list[str]:
    """Without pictures, sounds and other files, whose bytes would fill the memory."""
    return [name for name, feature in table.features.items() if not _is_file(feature)]


def _is_file(feature: Any) -> bool:
    """Whether cells are files that `datasets` decodes, or lists of them; JSON is plain text."""
    inner = getattr(feature, "feature", None)
    if inner is not None:
        return _is_file(inner)
    return hasattr(feature, "decode_example") and type(feature).__name__ != "Json"


def _cells(rows: Rows, column: str, *, hides: bool) -> Sequence[Any]:
    """All values of a column; class labels by their names; `hides`: without the labels of a split that is called unlabelled,
    for they are made up."""
    gathered = Gathered(Shelf())
    for piece in _pieces(rows, [column], column if hides else None, adds_split=False):
        gathered.extend(piece[column].to_pylist())
    return gathered.column()


def _spelled(values: Sequence[Any], names: Sequence[str]) -> list[Any]:
    return [[names[number] for number in value] if isinstance(value, list) else _name(names, value) for value in values]


def _name(names: Sequence[str], number: int | None) -> str | None:
    return None if number is None or number < 0 else names[number]


def _names_of(feature: Any) -> list[str] | None:
    """The names of the classes of a class label, or of a list of them; None for anything else."""
    names = getattr(getattr(feature, "feature", feature), "names", None)
    return list(names) if names else None
