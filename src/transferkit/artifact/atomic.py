"""Write files and folders so that a power cut or a `kill -9` leaves either the old one or the new one, never a half.

Everything is written beside its place under a name that starts with `.partial-`, forced to the disk, then renamed.
What a killed process leaves behind is recognised by that name and removed by `remove_partials`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transferkit.core.errors import Failed, WrongUse

PARTIAL = ".partial-"
_FULL = {errno.ENOSPC, errno.EDQUOT}
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


def write_file(path: Path, content: str | bytes) -> None:
    """Put `content` at `path`, whole or not at all; text is written as UTF-8. Makes the folder where it is missing."""
    data = content.encode() if isinstance(content, str) else content
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = _partial(path)
        try:
            with partial.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        except BaseException:
            with contextlib.suppress(OSError):  # the first error is the one to tell
                partial.unlink(missing_ok=True)
            raise
        sync_directory(path.parent)


@contextmanager
def new_directory(path: Path) -> Iterator[Path]:
    """A folder to fill; it becomes `path` when the block ends well and vanishes when it does not.

    A folder already at `path` is replaced.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = _partial(path)
        partial.mkdir()
        try:
            yield partial
            for file in partial.rglob("*"):
                _sync(file)
            _sync(partial)
            if path.exists():  # no system call swaps two folders everywhere: the old one steps aside first
                aside = _partial(path)
                os.rename(path, aside)
                os.rename(partial, path)
                shutil.rmtree(aside)
            else:
                os.rename(partial, path)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        sync_directory(path.parent)


def remove_partials(directory: Path) -> None:
    """Remove what killed writers left directly inside `directory`."""
    for left in directory.glob(f"{PARTIAL}*"):
        remove(left)


def remove(path: Path) -> None:
    """Remove a file or a folder with all it holds."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn the system's refusals inside the block into one line about `path`."""
    try:
        yield
    except OSError as reason:
        if reason.errno in _FULL:
            raise disk_full(path) from reason
        if reason.errno in _REFUSED:
            raise WrongUse(f"{path} cannot be written: {reason.strerror}; name a place that is yours") from reason
        if isinstance(reason, NotADirectoryError | FileExistsError | IsADirectoryError):
            raise WrongUse(f"{path} cannot be written: {reason.filename} is in the way; name another place") from reason
        raise Failed(f"{path} cannot be written: {reason.strerror or reason}") from reason


def disk_full(path: Path) -> Failed:
    """The error for a disk without room."""
    return Failed(f"the disk is full: {path} cannot be written; what had finished is kept - make room and run it again")


def sync_directory(directory: Path) -> None:
    """Force a rename inside `directory` to the disk, where the system can."""
    if os.name != "nt":  # Windows opens no folders; there a rename is already ordered
        _sync(directory)


def _sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _partial(path: Path) -> Path:
    return path.with_name(f"{PARTIAL}{secrets.token_hex(6)}")
