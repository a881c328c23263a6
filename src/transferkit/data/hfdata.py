"""`hfdata:name:config:split`: Hugging Face data sets, through `datasets` (https://huggingface.co/docs/datasets).

A column of pictures or sounds makes the items, read lazily; anything else is a table and is read as one (`text_table`,
`tabular`, ...). A class label, or a list of them, is read by its names; -1 and null mean unlabelled. The splits of the data set
are the owner's splits where none was named; with one split named its rows are all there is.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples
from transferkit.core.format import Format, Reading, ReadOptions, Skipped
from transferkit.core.recognise import recognise_format
from transferkit.core.run import Progress, silent
from transferkit.data import picture, sound
from transferkit.data.columns import Content, find_columns, find_label, groups, label_values, weights
from transferkit.data.hub_media import HubPictures, HubSounds, Media
from transferkit.data.hub_rows import SCHEME, Place, Rows, read_rows
from transferkit.data.sound_table import TRANSCRIPTS
from transferkit.data.table import Table

if TYPE_CHECKING:
    from datasets import Dataset

_SPLIT = "split of the data set"
_KINDS = {"Image": ("image", "image_column", HubPictures), "Audio": ("audio", "audio_column", HubSounds)}
"""Feature -> modality, the option that names its column, and its items."""


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
    others = {column: _cells(rows.table, column) for column in _plain_columns(rows.table, item)}
    cells: list[Any] = [None] * len(rows.splits)
    table = Table(Path(name), {item: cells, **others}, list(range(1, len(cells) + 1)))
    transcripts = TRANSCRIPTS if modality == "audio" else ()
    content = Content(option, f"a column of {modality}s", (), lambda _, column: column is cells, transcripts)
    named: dict[str, Any] = {option: item}
    columns = find_columns(table, replace(options, **named), content)
    if columns.label is not None:
        table.columns[columns.label] = _hidden(table.columns[columns.label], rows)
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
        names=tuple(table.where(i) for i in range(len(results))),
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
    import pyarrow
    from pyarrow import parquet

    columns = {name: _cells(rows.table, name) for name in rows.table.column_names}
    if options.label_column in columns:
        columns[options.label_column] = _hidden(columns[options.label_column], rows)
    if any(rows.splits) and options.split_column is None:
        columns[_SPLIT] = [split or "" for split in rows.splits]
        options = replace(options, split_column=_SPLIT)
    with tempfile.TemporaryDirectory(prefix="transferkit-") as folder:
        path = Path(folder) / f"{Path(place.name).name}.parquet"
        parquet.write_table(pyarrow.table(columns), path)
        try:
            reading = recognise_format(path, options).read(path, options, progress)
        except WrongUse as reason:
            raise WrongUse(str(reason).replace(str(path), str(place))) from None
    return replace(reading, notes=(*rows.notes, *reading.notes))


def _hidden(labels: list[Any], rows: Rows) -> list[Any]:
    """Without the labels of a split that is called unlabelled: they are made up."""
    return [None if hide else label for label, hide in zip(labels, rows.is_unlabelled, strict=True)]


def _plain_columns(table: Dataset, item: str) -> list[str]:
    """Without pictures and sounds, whose bytes would fill the memory."""
    return [name for name, feature in table.features.items() if name != item and type(feature).__name__ not in _KINDS]


def _cells(table: Dataset, column: str) -> list[Any]:
    """All values of a column; class labels by their names."""
    values = list(table.with_format(None)[column])
    names = _names_of(table.features[column])
    if names is None:
        return values
    return [[names[number] for number in value] if isinstance(value, list) else _name(names, value) for value in values]


def _name(names: Sequence[str], number: int | None) -> str | None:
    return None if number is None or number < 0 else names[number]


def _names_of(feature: Any) -> list[str] | None:
    """The names of the classes of a class label, or of a list of them; None for anything else."""
    names = getattr(getattr(feature, "feature", feature), "names", None)
    return list(names) if names else None
