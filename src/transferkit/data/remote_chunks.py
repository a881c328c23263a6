"""Remote chunks: the feature cache's files at a URL, shared by machines that share no disk.

A chunk's name is the digest of its ids, so nobody ever changes one: whoever lacks it fetches it, whoever made it sends it,
rows before ids, and two that send the same chunk send the same content. A URL that fails is told once, and the work goes on
with what this machine has.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

from transferkit.core.errors import Failed
from transferkit.core.remote import opened, remote_errors, write
from transferkit.data.chunks import IDS, ROWS, put, read_ids


class RemoteChunks:
    """The chunks at a URL."""

    def __init__(self, url: str | Path) -> None:
        self.url = str(url)
        self._system, self._root = opened(url)
        self._known: dict[str, tuple[str, ...]] = {}
        """Remote ids file -> the ids it lists."""
        self._answers = True

    def fetch(self, folder: Path, wanted: set[str], make_room: Callable[[int], bool]) -> None:
        """Bring the chunks of a key that hold any wanted row, and are not in `folder`, as far as `make_room` allows."""
        if not self._answers:
            return
        try:
            with remote_errors(self.url):
                self._fetch(folder, wanted, make_room)
        except Failed as reason:
            self._give_up(reason)

    def send(self, ids_file: Path) -> None:
        """Put a chunk of this machine there."""
        if not self._answers:
            return
        there = f"{self._root}/{ids_file.parent.name}/{ids_file.name}"
        try:
            with remote_errors(self.url):
                write(self._system, f"{there.removesuffix(IDS)}{ROWS}", ids_file.with_suffix(ROWS).read_bytes())
                write(self._system, there, ids_file.read_bytes())
        except Failed as reason:
            self._give_up(reason)

    def _fetch(self, folder: Path, wanted: set[str], make_room: Callable[[int], bool]) -> None:
        self._system.invalidate_cache()
        place = f"{self._root}/{folder.name}"
        listed = self._system.ls(place, detail=False) if self._system.exists(place) else []
        for there in sorted(name for name in listed if name.endswith(IDS)):
            if there not in self._known:
                self._known[there] = read_ids(self._system.cat_file(there))
            ids_file = folder / there.rpartition("/")[2]
            if ids_file.exists() or wanted.isdisjoint(self._known[there]):
                continue
            rows = f"{there.removesuffix(IDS)}{ROWS}"
            if not self._system.exists(rows) or not make_room(self._system.size(rows)):
                continue
            folder.mkdir(parents=True, exist_ok=True)
            self._bring(rows, ids_file.with_suffix(ROWS))
            self._bring(there, ids_file)

    def _bring(self, there: str, here: Path) -> None:
        with self._system.open(there, "rb") as source:
            put(here, lambda file: shutil.copyfileobj(source, file))

    def _give_up(self, reason: Failed) -> None:
        self._answers = False
        warnings.warn(f"the shared feature cache is not used any more: {reason}", stacklevel=2)
