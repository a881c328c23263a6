"""Gathered: the cells of a table as they are read - in memory while they are small, else in a file of their own.

A table of more than `HELD` characters goes to a temporary file, which is gone when nobody has its columns any more. The cells
of a column lie there in blocks of a few kilobytes, and what stays in memory is where each block is; a cell is read, with the
others of its block, when it is asked for.
"""

from __future__ import annotations

import base64
import os
import pickle
import tempfile
import weakref
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

from transferkit.core.errors import Failed
from transferkit.core.examples import Chosen

HELD = 8 * 2**20
"""Characters of a table that stay in memory."""
_BLOCK = 2**12
"""Bytes of cells from which on a block is full."""
_END = b"\xfe"
"""Ends a cell: no text has this byte, nor"""
_OTHER = b"\xff"
"""this one, with which a cell begins that is no text."""
_CHARACTERS = 8
"""What a cell that is no text counts as."""


class Shelf:
    """Where the columns of one table go: memory, then a temporary file without a name."""

    def __init__(self) -> None:
        self.characters = 0
        self._file: Any = None

    @property
    def is_full(self) -> bool:
        """Whether there are more characters than memory should hold."""
        return self.characters > HELD

    def put(self, content: bytes) -> int:
        """Write at the end, give the place. Raises Failed where the disk has no room."""
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="transferkit-", buffering=0)  # noqa: SIM115 - open as long as this
                weakref.finalize(self, self._file.close)
            place: int = self._file.tell()
            _write(self._file, content)
        except OSError as reason:
            raise Failed(f"no room for the cells of a table in {tempfile.gettempdir()}: {reason.strerror}") from None
        return place

    def get(self, place: int, n_bytes: int) -> bytes:
        """What was put there."""
        # by position, for threads and forked processes share the file's own
        read = b""
        while len(read) < n_bytes:
            part = os.pread(self._file.fileno(), n_bytes - len(read), place + len(read))
            if not part:
                raise Failed("the temporary file of a table was cut short")
            read += part
        return read


class Gathered:
    """A column in the making."""

    def __init__(self, shelf: Shelf, n_gaps: int = 0) -> None:
        """`n_gaps`: cells before the first that are None."""
        self._shelf = shelf
        self._cells: list[Any] = []
        self._kept = KeptCells(shelf)
        self.extend([None] * n_gaps)

    def extend(self, cells: Sequence[Any]) -> None:
        """Add cells at the end."""
        self._cells += cells
        self._shelf.characters += sum(len(cell) if isinstance(cell, str) else _CHARACTERS for cell in cells)
        if self._shelf.is_full:
            self._kept.put(self._cells)
            self._cells = []

    def column(self) -> Sequence[Any]:
        """All cells: a list, or where the table is large a sequence that reads them when asked for."""
        if self._shelf.is_full:
            self._kept.put(self._cells)
            self._cells = []
        return self._kept if len(self._kept) else self._cells


class KeptCells(Sequence[Any]):
    """The cells of a column, in a file, read when asked for. Sent to another process, it takes them all along."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._length = 0
        self._firsts, self._places, self._sizes = array("q"), array("q"), array("q")
        """Of each block: its first cell, where it lies, its bytes."""

    def put(self, cells: Sequence[Any]) -> None:
        """Add cells at the end."""
        block = b""
        first = self._length
        for i, cell in enumerate(cells, start=1):
            block += _spelled(cell) + _END
            if len(block) >= _BLOCK or i == len(cells):
                self._firsts.append(first)
                self._places.append(self._shelf.put(block))
                self._sizes.append(len(block))
                block, first = b"", self._length + i
        self._length += len(cells)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Chosen(self, range(len(self))[index])
        position = range(len(self))[index]
        number = bisect_right(self._firsts, position) - 1
        return _read(self._block(number)[position - self._firsts[number]])

    def __iter__(self) -> Iterator[Any]:
        for number in range(len(self._firsts)):
            yield from map(_read, self._block(number))

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)

    def _block(self, number: int) -> list[bytes]:
        return self._shelf.get(self._places[number], self._sizes[number]).split(_END)[:-1]


def _spelled(cell: Any) -> bytes:
    if isinstance(cell, str):
        return cell.encode("utf-8", "surrogatepass")
    return _OTHER if cell is None else _OTHER + base64.b64encode(pickle.dumps(cell))


def _read(content: bytes) -> Any:
    if not content.startswith(_OTHER):
        return content.decode("utf-8", "surrogatepass")
    return None if content == _OTHER else pickle.loads(base64.b64decode(content[1:]))  # written by `_spelled`


def _write(file: Any, content: bytes) -> None:
    """All of it: a file without a buffer may take less at a time."""
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]
