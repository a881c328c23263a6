"""Pictures and sounds in the rows of a Hugging Face data set: the bytes of a file each, decoded when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferkit.core.errors import Failed
from transferkit.core.examples import Chosen
from transferkit.core.format import Skipped
from transferkit.core.run import Progress, silent
from transferkit.data import picture, sound

if TYPE_CHECKING:
    from datasets import Dataset

CHUNK = 32
"""Rows whose bytes are in memory at a time."""


class Media(Sequence[Any]):
    """One column of encoded pictures or sounds as items."""

    def __init__(self, rows: Dataset, column: str, name: str) -> None:
        self.rows, self.column, self.name = rows.select_columns([column]), column, name

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Chosen(self, range(len(self))[index])
        index = range(len(self))[index]
        content = content_of(self.rows[index][self.column])
        return self.decode(content, f"{self.name} row {index + 1}")

    def decode(self, content: bytes | None, name: str) -> Any:
        """The item in the bytes of a file."""
        raise NotImplementedError

    def check(self, content: bytes, name: str) -> picture.Checked | sound.Checked | Skipped:
        """Whether an item can be used."""
        raise NotImplementedError

    def checked(self, progress: Progress = silent) -> list[picture.Checked | sound.Checked | Skipped]:
        """Every row looked through once, in order."""
        found: list[picture.Checked | sound.Checked | Skipped] = []
        with ThreadPoolExecutor(max_workers=2) as pool:
            for chunk in self._chunks():
                for result in pool.map(self._check_one, chunk):
                    found.append(result)
                    progress(f"reading {self.name}", len(found), len(self))
        return found

    def _check_one(self, row: tuple[int, Any]) -> picture.Checked | sound.Checked | Skipped:
        index, cell = row
        name = f"{self.name} row {index + 1}"
        try:
            content = content_of(cell)
        except OSError as reason:
            return Skipped(name, f"its file cannot be read ({reason.strerror or reason})")
        return self.check(content, name) if content else Skipped(name, "the row is empty")

    def _chunks(self) -> Iterator[list[tuple[int, Any]]]:
        for begin in range(0, len(self), CHUNK):
            cells = self.rows[begin : begin + CHUNK][self.column]
            yield list(enumerate(cells, start=begin))


class HubPictures(Media):
    """Pictures, decoded to RGB or L."""

    def decode(self, content: bytes | None, name: str) -> Any:
        if not content:
            raise Failed(f"{name}: the row is empty")
        return picture.read_content(content, name)

    def check(self, content: bytes, name: str) -> picture.Checked | Skipped:
        return picture.check_content(content, name)


class HubSounds(Media):
    """Sounds, as they were stored."""

    def decode(self, content: bytes | None, name: str) -> Any:
        if not content:
            raise Failed(f"{name}: the row is empty")
        return sound.read_content(content, name)

    def check(self, content: bytes, name: str) -> sound.Checked | Skipped:
        return sound.check_content(content, name)


def content_of(cell: Any) -> bytes | None:
    """The bytes of a cell, or of the file it names; None where it names none."""
    if cell is None:
        return None
    content: bytes | None = cell.get("bytes")
    if content is None and cell.get("path"):
        return Path(cell["path"]).read_bytes()
    return content
