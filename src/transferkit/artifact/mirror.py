"""Mirror: a run directory that lives at a URL, and its working copy on this machine.

The copy is fetched when the run is opened and thrown away when it ends. After every finished trial and every noted fact what is
new goes up, the journal last: a journal at the URL has the files it speaks of. A file there is replaced whole or not at
all (`core/remote.py`), which is all that going on after a kill needs.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path, PurePosixPath
from typing import Any

from transferkit.artifact.atomic import PARTIAL
from transferkit.artifact.lease import LEASE, Lease
from transferkit.artifact.lock import LOCK_FILE
from transferkit.core.errors import WrongUse
from transferkit.core.remote import PART, opened, remote_errors, write

JOURNAL = "journal.sqlite"
_OWN = {LOCK_FILE, LEASE, f"{JOURNAL}-journal"}
"""Files that stay where they are."""


class Mirror:
    """One run at a URL."""

    def __init__(self, url: str | Path) -> None:
        self.url = str(url)
        self._system, self._folder = opened(url)
        self.lease = Lease(self._system, self._folder, self.url)
        self._sent: dict[str, tuple[int, int]] = {}
        """Name -> (size, time of change) of what is up there already."""

    def fetch(self, directory: Path) -> None:
        """Fill an empty folder with what is at the URL."""
        with remote_errors(self.url):
            self._system.invalidate_cache()
            for path in self._system.find(self._folder) if self._system.exists(self._folder) else ():
                name = path.removeprefix(self._folder).lstrip("/")
                if ".." in PurePosixPath(name).parts:
                    raise WrongUse(f"{self.url} holds {name}, which would lie outside of it; remove it there")
                if name not in _OWN and not name.endswith(PART):
                    (directory / name).parent.mkdir(parents=True, exist_ok=True)
                    self._system.get_file(path, str(directory / name))
                    self._sent[name] = _stamp(directory / name)

    def fetch_file(self, name: str, directory: Path) -> None:
        """Fetch one file anew; nothing where it is not there."""
        with remote_errors(self.url):
            self._system.invalidate_cache()
            partial = directory / f"{PARTIAL}{name}"
            try:
                self._system.get_file(f"{self._folder}/{name}", str(partial))
            except FileNotFoundError:
                return
            os.replace(partial, directory / name)

    def stamp(self, name: str) -> Any:
        """Changes when the file at the URL is written; None where there is none."""
        with remote_errors(self.url):
            self._system.invalidate_cache()
            try:
                found = self._system.info(f"{self._folder}/{name}")
            except FileNotFoundError:
                return None
        return sorted((key, str(value)) for key, value in found.items())

    def send(self, directory: Path) -> None:
        """Send what is new; the journal, as it is between two changes, last. What is gone here goes there."""
        with remote_errors(self.url):
            names = {
                path.relative_to(directory).as_posix()
                for path in directory.rglob("*")
                if path.is_file() and not any(part.startswith(PARTIAL) for part in path.relative_to(directory).parts)
            } - _OWN
            for name in sorted(names, key=lambda name: (name == JOURNAL, name)):
                stamp = _stamp(directory / name)
                if self._sent.get(name) != stamp:
                    write(self._system, f"{self._folder}/{name}", _content(directory / name))
                    self._sent[name] = stamp
            for name in self._sent.keys() - names:
                self._system.rm_file(f"{self._folder}/{name}")
                del self._sent[name]


def _content(path: Path) -> bytes:
    if path.name != JOURNAL:
        return path.read_bytes()
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.serialize()
    finally:
        connection.close()


def _stamp(path: Path) -> tuple[int, int]:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns
