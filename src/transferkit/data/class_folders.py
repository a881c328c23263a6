"""A folder of class folders, whatever their files hold: pictures, sounds, texts.

`train/`, `val/` and `test/` above the class folders are the owner's split; `unlabelled/` holds items without a label. Files
may lie deeper inside a class folder; hidden files do not count. A file outside every class folder has no label and is
left out, as is whatever the check of its contents finds unusable.
"""

from __future__ import annotations

import itertools
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples
from transferkit.core.format import Reading, ReadOptions, Skipped, Split
from transferkit.core.run import Progress, silent
from transferkit.data.columns import refuse_columns
from transferkit.data.split_names import SPLITS
from transferkit.data.table import SUFFIXES as TABLES

_UNLABELLED = frozenset({"unlabelled", "unlabeled"})
_NOT_CONTENT = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
"""What operating systems leave behind."""
_LOOKED_AT = 1000
"""Files whose names tell what a folder holds."""
_ENOUGH = 0.1
"""Share of them that must end like such a file: a logo among a thousand letters makes no folder of pictures."""


class Usable(Protocol):
    """A file that can be used."""

    @property
    def id(self) -> str:
        """The hash of its content."""


Checked = TypeVar("Checked", bound=Usable)


@dataclass(frozen=True)
class Contents(Generic[Checked]):
    """What the files of a format are, as far as class folders are concerned."""

    modality: str
    what: str
    """One of them, for error messages: "picture"."""
    suffixes: Collection[str]
    check: Callable[[Sequence[Path], Sequence[str], Progress], Sequence[Checked | Skipped]]
    """Paths, names, progress -> what came of each."""
    items: Callable[[Sequence[Checked]], Sequence[Any]]
    """Lazy items of the usable files."""
    notes: Callable[[Sequence[Checked], Sequence[str]], Sequence[str]] = lambda checked, names: ()
    """Lines a person should read about them."""


@dataclass(frozen=True)
class _Found:
    path: Path
    label: str | None
    split: Split | None


def holds(path: Path, suffixes: Collection[str]) -> bool:
    """Whether `path` is a folder some of whose files (a tenth of the first 1000) end like these."""
    if not path.is_dir():
        return False
    looked_at = [file.suffix.lower() in suffixes for file in itertools.islice(_files(path), _LOOKED_AT)]
    return any(looked_at) and sum(looked_at) >= _ENOUGH * len(looked_at)


def read_class_folders(
    path: Path, options: ReadOptions, contents: Contents[Checked], progress: Progress = silent
) -> Reading:
    """Every usable file with its label and its owner's split; one line where there are no class folders, or nothing usable."""
    refuse_columns(path, options)
    found, strays = _look_through(path)
    if options.unlabelled:
        found += [_Found(stray, None, None) for stray in strays if stray.suffix.lower() in contents.suffixes]
        strays = [stray for stray in strays if stray.suffix.lower() not in contents.suffixes]
    if not options.unlabelled and not any(one.label is not None for one in found):
        raise WrongUse(_no_classes(path, strays, contents))
    names = [one.path.relative_to(path).as_posix() for one in found]
    results = contents.check([one.path for one in found], names, progress)
    usable = [i for i, result in enumerate(results) if not isinstance(result, Skipped)]
    checked = [result for result in results if not isinstance(result, Skipped)]
    skipped = [result for result in results if isinstance(result, Skipped)]
    skipped += [Skipped(stray.relative_to(path).as_posix(), "lies in no class folder") for stray in strays]
    if not any(options.unlabelled or found[i].label is not None for i in usable):
        raise WrongUse(
            f"{path}: none of {len(found)} files is a {contents.what} that can be used; "
            f"{skipped[0].name}: {skipped[0].reason}"
        )
    examples = Examples(
        items=contents.items(checked),
        ids=tuple(one.id for one in checked),
        labels=tuple(found[i].label for i in usable),
        names=tuple(names[i] for i in usable),
    )
    used = {found[i].label for i in usable}
    notes = [
        f"class {label!r} is left out: none of its files can be used"
        for label in sorted({one.label for one in found if one.label is not None} - used)
    ]
    notes += contents.notes(checked, examples.names)
    return Reading.of(contents.modality, examples, [found[i].split for i in usable], tuple(skipped), tuple(notes))


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


def _no_classes(path: Path, strays: list[Path], contents: Contents[Any]) -> str:
    endings = Counter(stray.suffix.lower() for stray in strays)
    loose = sum(n for ending, n in endings.items() if ending in contents.suffixes)
    table = next((stray for stray in strays if stray.suffix.lower() in TABLES), None)
    fix = f"name the table of labels instead: {table}" if table else "put each into a folder named after its class"
    if loose:
        return f"{path}: {loose} {contents.what}{'s' * (loose > 1)} but no class folders; {fix}"
    return f"{path}: there are no class folders with {contents.what}s; {fix}"
