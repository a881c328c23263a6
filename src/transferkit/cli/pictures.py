"""The pictures of a command line: files as they are named, folders with all they hold; what cannot be read is told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transferkit.core.errors import WrongUse
from transferkit.core.run import Progress, silent


@dataclass(frozen=True)
class NamedPictures:
    """Pictures that can be read, and files that cannot."""

    items: Sequence[Any]
    """Decoded when asked for."""
    names: tuple[str, ...]
    """One an item: its path."""
    unreadable: tuple[tuple[str, str], ...] = ()
    """(path, reason)."""


def read_pictures(named: Sequence[str], progress: Progress = silent) -> NamedPictures:
    """Look through the named files and folders once. Raises one line where nothing is left to predict."""
    from transferkit.core.format import Skipped
    from transferkit.data.picture import Pictures, check_pictures

    files = [file for name in named for file in _files(Path(name))]
    if not files:
        raise WrongUse(f"no file in {', '.join(named)}; name pictures, or folders that hold some")
    names = [str(file) for file in files]
    results = check_pictures(files, names, progress)
    unreadable = tuple((result.name, result.reason) for result in results if isinstance(result, Skipped))
    usable = [position for position, result in enumerate(results) if not isinstance(result, Skipped)]
    if not usable:
        name, reason = unreadable[0]
        raise WrongUse(f"none of {len(files)} files is a picture that can be used; {name}: {reason}")
    return NamedPictures(Pictures([files[i] for i in usable]), tuple(names[i] for i in usable), unreadable)


def _files(path: Path) -> list[Path]:
    """The file itself, or every file below a folder but hidden ones; a file that is not there is found out later."""
    if not path.is_dir():
        return [path]
    below = (file for file in sorted(path.rglob("*")) if file.is_file())
    return [file for file in below if not any(part.startswith(".") for part in file.relative_to(path).parts)]
