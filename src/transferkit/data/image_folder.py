"""A folder of class folders of pictures.

`train/`, `val/` and `test/` above the class folders are the owner's split; `unlabelled/` holds items without a label. Files
may lie deeper inside a class folder; hidden files do not count. A picture outside every class folder has no label and is
left out, as is whatever `data/picture.py` finds unusable.
"""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples
from transferkit.core.format import Format, Reading, ReadOptions, Skipped, Split
from transferkit.core.run import Progress, silent
from transferkit.data.columns import refuse_columns
from transferkit.data.picture import SUFFIXES, Checked, Pictures, check_pictures, several_frames
from transferkit.data.picture_arrays import held
from transferkit.data.split_names import SPLITS
from transferkit.data.table import SUFFIXES as TABLES

_UNLABELLED = frozenset({"unlabelled", "unlabeled"})
_NOT_CONTENT = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
"""What operating systems leave behind."""


@dataclass(frozen=True)
class _Found:
    path: Path
    label: str | None
    split: Split | None


class ImageFolder(Format):
    """Pictures in folders named after their classes."""

    modality: ClassVar[str] = "image"
    example: ClassVar[str] = "a folder with one folder of pictures per class"

    def recognises(self, path: Path, options: ReadOptions) -> bool:
        return path.is_dir() and any(file.suffix.lower() in SUFFIXES for file in _files(path))

    def read(self, path: Path, options: ReadOptions, progress: Progress = silent) -> Reading:
        refuse_columns(path, options)
        found, strays = _look_through(path)
        if not any(one.label is not None for one in found):
            raise WrongUse(_no_classes(path, strays))
        names = [one.path.relative_to(path).as_posix() for one in found]
        results = check_pictures([one.path for one in found], names, progress)
        usable = [i for i, result in enumerate(results) if isinstance(result, Checked)]
        checked = [result for result in results if isinstance(result, Checked)]
        skipped = [result for result in results if isinstance(result, Skipped)]
        skipped += [Skipped(stray.relative_to(path).as_posix(), "lies in no class folder") for stray in strays]
        if not any(found[i].label is not None for i in usable):
            raise WrongUse(
                f"{path}: none of {len(found)} files is a picture that can be used; {skipped[0].name}: {skipped[0].reason}"
            )
        examples = Examples(
            items=Pictures([one.path for one in checked]),
            ids=tuple(one.id for one in checked),
            labels=tuple(found[i].label for i in usable),
            names=tuple(names[i] for i in usable),
        )
        used = {found[i].label for i in usable}
        notes = [
            f"class {label!r} is left out: none of its files can be used"
            for label in sorted({one.label for one in found if one.label is not None} - used)
        ]
        notes += several_frames(checked, examples.names)
        return Reading.of("image", examples, [found[i].split for i in usable], tuple(skipped), tuple(notes))

    def items(self, paths: list[Path]) -> Sequence[Any]:
        return Pictures(paths)

    def in_memory(self, items: Sequence[Any]) -> Examples | None:
        return held(items)


def _look_through(path: Path) -> tuple[list[_Found], list[Path]]:
    """Every file with its label and split, and the files that lie in no class folder."""
    folders = _folders(path)
    found = [_Found(file, None, None) for folder in folders if _is_unlabelled(folder) for file in _files(folder)]
    upper = [folder for folder in folders if not _is_unlabelled(folder)]
    strays = _files_directly_in(path)
    if not _are_splits(upper):
        return found + [_Found(file, _label(folder), None) for folder in upper for file in _files(folder)], strays
    for split_folder in upper:
        split = SPLITS[split_folder.name.lower()]
        strays += _files_directly_in(split_folder)
        for folder in _folders(split_folder):
            label = None if _is_unlabelled(folder) else _label(folder)
            found += [_Found(file, label, split) for file in _files(folder)]
    return found, strays


def _are_splits(folders: list[Path]) -> bool:
    """`train` beside `bus` is a class; `train` beside `test`, and nothing else, are splits."""
    return bool(folders) and all(folder.name.lower() in SPLITS for folder in folders)


def _is_unlabelled(folder: Path) -> bool:
    return folder.name.lower() in _UNLABELLED


def _label(folder: Path) -> str:
    """The folder's name, an accented letter always spelled alike however the file system composes it."""
    return unicodedata.normalize("NFC", folder.name)


def _folders(path: Path) -> list[Path]:
    return sorted(inside for inside in path.iterdir() if inside.is_dir() and _is_content(inside.name))


def _files_directly_in(path: Path) -> list[Path]:
    return sorted(inside for inside in path.iterdir() if inside.is_file() and _is_content(inside.name))


def _files(path: Path) -> Iterator[Path]:
    """Every file under a folder, in order; links are followed, but no folder is entered twice."""
    entered: set[str] = set()
    for folder, inside, files in os.walk(path, followlinks=True):
        real = os.path.realpath(folder)
        if real in entered:
            inside.clear()
            continue
        entered.add(real)
        inside[:] = sorted(filter(_is_content, inside))
        for name in sorted(filter(_is_content, files)):
            yield Path(folder, name)


def _is_content(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _NOT_CONTENT


def _no_classes(path: Path, strays: list[Path]) -> str:
    endings = Counter(stray.suffix.lower() for stray in strays)
    pictures = sum(n for ending, n in endings.items() if ending in SUFFIXES)
    table = next((stray for stray in strays if stray.suffix.lower() in TABLES), None)
    fix = f"name the table of labels instead: {table}" if table else "put each into a folder named after its class"
    if pictures:
        return f"{path}: {pictures} picture{'s' * (pictures > 1)} but no class folders; {fix}"
    return f"{path}: there are no class folders with pictures; {fix}"
