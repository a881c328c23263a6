"""Gathered: the cells of a column as they are read - in memory while they are small, else in a file of their own.

A column of more than `HELD` characters goes to a temporary file, which is gone when nobody has the column any more. In memory
stay 8 bytes a cell, whatever its length; a cell is read when it is asked for. Texts and gaps (None) go there; any other cell
of such a column stays in memory.
"""

from __future__ import annotations

import os
import tempfile
import weakref
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from transferkit.core.errors import Failed
from transferkit.core.examples import Chosen

HELD = 8 * 2**20
"""Characters of a column that stay in memory."""
_BLOCK = 2**20
"""Bytes read at a time where all cells are gone through."""
_GAP = b"\xff"
"""What stands for None: no text has this byte."""


class _File:
    """A temporary file without a name, closed and gone with the last column that is in it."""

    def __init__(self) -> None:
        self.opened = tempfile.TemporaryFile(prefix="transferkit-")  # noqa: SIM115 - open as long as this is
        weakref.finalize(self, self.opened.close)


class Gathered:
    """A column in the making."""

    def __init__(self, n_gaps: int = 0) -> None:
        """`n_gaps`: cells before the first that are None."""
        self._cells: list[Any] = [None] * n_gaps
        self._characters = 0
        self._file: _File | None = None
        self._ends = array("q", [0])
        self._others: dict[int, Any] = {}

    def extend(self, cells: Sequence[Any]) -> None:
        """Add cells at the end. Raises Failed where the disk has no room for them."""
        self._cells += cells
        self._characters += sum(len(cell) for cell in cells if isinstance(cell, str))
        if self._file is not None or self._characters > HELD:
            try:
                self._write()
            except OSError as reason:
                raise Failed(f"no room for a column of texts in {tempfile.gettempdir()}: {reason.strerror}") from None

    def column(self) -> Sequence[Any]:
        """All cells: a list, or where they are many characters a sequence that reads them when asked for."""
        return self._cells if self._file is None else KeptCells(self._file, self._ends, self._others)

    def _write(self) -> None:
        if self._file is None:
            self._file = _File()
        for cell in self._cells:
            content = cell.encode("utf-8", "surrogatepass") if isinstance(cell, str) else _GAP
            if not isinstance(cell, str | None):
                self._others[len(self._ends) - 1] = cell
            self._file.opened.write(content)
            self._ends.append(self._ends[-1] + len(content))
        self._file.opened.flush()
        self._cells = []


class KeptCells(Sequence[Any]):
    """The cells of a column, in a file, read when asked for. Sent to another process, it takes them all along."""

    def __init__(self, file: _File, ends: array[int], others: Mapping[int, Any]) -> None:
        self._file, self._ends, self._others = file, ends, others

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Chosen(self, range(len(self))[index])
        position = range(len(self))[index]
        return next(self._between(position, position + 1))

    def __iter__(self) -> Iterator[Any]:
        begin = 0
        while begin < len(self):
            end = max(begin + 1, bisect_right(self._ends, self._ends[begin] + _BLOCK) - 1)
            yield from self._between(begin, end)
            begin = end

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)

    def _between(self, begin: int, end: int) -> Iterator[Any]:
        first = self._ends[begin]
        content = self._read(first, self._ends[end] - first)
        for i in range(begin, end):
            cell = content[self._ends[i] - first : self._ends[i + 1] - first]
            yield self._others.get(i) if cell == _GAP else cell.decode("utf-8", "surrogatepass")

    def _read(self, position: int, n_bytes: int) -> bytes:
        # by position, for threads and forked processes share the file's own
        read = b""
        while len(read) < n_bytes:
            part = os.pread(self._file.opened.fileno(), n_bytes - len(read), position + len(read))
            if not part:
                raise Failed("the temporary file of a column of texts was cut short")
            read += part
        return read
