"""The feature cache: what a network makes of an item is computed once, whoever asks.

One folder a key, in it chunks of rows (see `data/chunks.py`). A chunk is written as soon as enough rows are there, so a
killed pass loses little; processes share the folder without locks: at worst both compute, and whole files replace whole
files. When the cache grows over its bound, the chunks used longest ago go first, never those that this process has mapped.

At a URL the same folder is kept in an object store; this machine's own cache stands in front of it (see
`data/remote_chunks.py`).
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import os
import sys
import tempfile
import time
import warnings
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from transferkit.core.remote import as_path, is_remote
from transferkit.core.run import Cache
from transferkit.core.size import parse_bytes
from transferkit.data.chunks import IDS, PARTIAL, ROWS, Chunk, open_chunk, write_chunk
from transferkit.data.remote_chunks import RemoteChunks

CHUNK_BYTES = 64_000_000
CHUNK_SECONDS = 30.0
"""A chunk is written when this much has been computed, or after this long, or when the pass ends."""
HELD_BYTES = 256_000_000
"""Rows that are more than this together are laid out in a file without a name, which goes when nobody looks at it any more."""
SPILLED_BYTES = 8_000_000
"""Rows that the cache has no room for are laid out so where they are at least this much, and stay in memory where less."""
_ABANDONED_SECONDS = 3600.0
"""A half-written file this old belongs to a process that was killed."""
_HEADER_BYTES = 128
"""Of an `.npy` file."""
_log = logging.getLogger(__name__)


def default_directory() -> Path:
    """`$TRANSFERKIT_CACHE`, or the place this system keeps caches in."""
    if named := os.environ.get("TRANSFERKIT_CACHE"):
        return Path(named).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", "~")).expanduser() / "transferkit" / "Cache"
    if sys.platform == "darwin":
        return Path("~/Library/Caches/transferkit").expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "transferkit"


class FeatureCache(Cache):
    """Rows by key and item id, kept in `directory`, at most `max_bytes` of them.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cache = FeatureCache(folder)
    ...     once = cache.rows("doubled", ["a", "b"], lambda indices: np.array([[2.0 * i] for i in indices]))
    ...     again = cache.rows("doubled", ["b"], lambda indices: np.zeros((0, 1)))  # not called
    >>> again.tolist()
    [[2.0]]
    """

    def __init__(self, directory: str | Path | None = None, max_bytes: str | int = "2GB") -> None:
        """`directory`: a folder or a URL; None: `default_directory`. `max_bytes`: on this machine's disk."""
        self._given = (directory, max_bytes)
        self._remote = RemoteChunks(directory) if directory and is_remote(directory) else None
        self.directory = as_path(directory) if directory and not self._remote else default_directory() / "features"
        self.max_bytes = parse_bytes(max_bytes)
        self._mapped: dict[Path, weakref.ref] = {}
        """Ids file -> the map of its rows, while anybody looks at it."""
        self._writes = True

    def rows(
        self, key: str, ids: Sequence[str], compute: Callable[[Sequence[int]], np.ndarray], chunk: int = 64
    ) -> np.ndarray:
        if len(ids) == 0:
            return compute(range(0))
        folder = self.directory / hashlib.sha256(key.encode()).hexdigest()[:32]
        chunks = self._chunks(folder, set(ids))
        known = {id_ for one in chunks for id_ in one.ids}
        first = {id_: i for i, id_ in reversed(list(enumerate(ids)))}
        missing = [i for i, id_ in enumerate(ids) if id_ not in known and first[id_] == i]
        if missing:
            computed = self._compute(folder, ids, missing, compute, chunk)
            if chunks and _kind(chunks[0].rows) != _kind(computed[0].rows):
                _log.info("cached rows of %r have another shape than computed ones; all are computed anew", key)
                every = [i for i, id_ in enumerate(ids) if first[id_] == i]
                chunks, computed = [], self._compute(folder, ids, every, compute, chunk)
            chunks += computed
        return _gather(chunks, ids, self.directory)

    def __reduce__(self) -> tuple[type[FeatureCache], tuple[str | Path | None, str | int]]:
        """Sent to another process it is the same cache opened there; another machine has its own default directory."""
        return FeatureCache, self._given

    def folder(self, purpose: str) -> Path:
        """Beside the rows; it does not count towards `max_bytes`."""
        return self.directory / purpose

    def size(self) -> int:
        """Bytes of the rows on disk."""
        return sum(stat.st_size for stat in self._files().values())

    def _chunks(self, folder: Path, wanted: set[str]) -> list[Chunk]:
        """The chunks of a key that hold any wanted row, of one shape and type; those used are marked as used."""
        chunks: list[Chunk] = []
        if self._remote is not None:
            self._remote.fetch(folder, wanted, self._make_room)
        try:
            ids_files = sorted(folder.glob(f"*{IDS}"))
        except OSError:
            return []
        for ids_file in ids_files:
            one = open_chunk(ids_file)
            if one is None:
                _log.info("%s is not a whole chunk and is left aside", ids_file)
                continue
            if wanted.isdisjoint(one.ids):
                continue
            if chunks and _kind(one.rows) != _kind(chunks[0].rows):
                _log.info("%s has rows of another shape; the key is computed anew", ids_file)
                return []
            self._map(one)
            chunks.append(one)
        return chunks

    def _compute(
        self,
        folder: Path,
        ids: Sequence[str],
        missing: Sequence[int],
        compute: Callable[[Sequence[int]], np.ndarray],
        chunk: int,
    ) -> list[Chunk]:
        """Compute the missing rows, writing as it goes; what was computed before an interruption is kept."""
        done: list[Chunk] = []
        waiting: list[np.ndarray] = []
        names: list[str] = []
        since = time.monotonic()

        def write() -> None:
            if waiting:
                rows = waiting[0] if len(waiting) == 1 else np.concatenate(waiting)
                done.append(self._keep(folder, tuple(names), rows))
                waiting.clear()
                names.clear()

        try:
            for begin in range(0, len(missing), chunk):
                indices = missing[begin : begin + chunk]
                computed = compute(indices)
                if len(computed) != len(indices):
                    raise ValueError(f"compute gave {len(computed)} rows for {len(indices)} items")
                waiting.append(computed)
                names.extend(ids[i] for i in indices)
                if sum(part.nbytes for part in waiting) >= CHUNK_BYTES or time.monotonic() - since > CHUNK_SECONDS:
                    write()
                    since = time.monotonic()
        finally:
            write()
        return done

    def _keep(self, folder: Path, ids: tuple[str, ...], rows: np.ndarray) -> Chunk:
        """Write rows if they can be, and give them mapped from disk; else give them as they are."""
        in_memory = Chunk(folder, ids, rows)
        size = rows.nbytes + _HEADER_BYTES + sum(len(id_) + 1 for id_ in ids)
        if not self._writes:
            return in_memory
        if not self._make_room(size):
            return Chunk(folder, ids, _spilled(rows, self.directory)) if rows.nbytes >= SPILLED_BYTES else in_memory
        try:
            written = open_chunk(write_chunk(folder, ids, rows))
        except OSError as reason:
            self._writes = False
            warnings.warn(f"the feature cache {self.directory} is not written any more: {reason}", stacklevel=2)
            return in_memory
        if written is None:  # deleted already by somebody else
            return in_memory
        self._map(written)
        if self._remote is not None:
            self._remote.send(written.ids_file)
        return written

    def _map(self, chunk: Chunk) -> None:
        self._mapped[chunk.ids_file] = weakref.ref(chunk.rows.base)
        try:
            os.utime(chunk.ids_file)
        except OSError:
            _log.debug("%s was removed meanwhile", chunk.ids_file)  # its rows stay mapped

    def _make_room(self, needed: int) -> bool:
        """Remove what was used longest ago until `needed` bytes fit; False where they cannot."""
        if needed > self.max_bytes:
            return False
        files = self._files()
        total = sum(stat.st_size for stat in files.values())
        for file in sorted(files, key=lambda file: files[file].st_mtime):
            if total + needed <= self.max_bytes:
                break
            if file.suffix == IDS and self._mapped.get(file, lambda: None)() is None:
                freed = [file, file.with_suffix(ROWS)]  # ids first, so that no chunk is ever seen without its rows
            elif _is_abandoned(file, files):
                freed = [file]
            else:
                continue
            try:
                for one in freed:
                    one.unlink(missing_ok=True)
            except OSError as reason:  # some systems keep what another process has open
                _log.info("%s stays: %s", file, reason)
                continue
            total -= sum(files[one].st_size for one in freed if one in files)
        return total + needed <= self.max_bytes

    def _files(self) -> dict[Path, os.stat_result]:
        """Every file of ours that is there now."""
        found = {}
        for file in self.directory.glob("*/*"):
            if file.suffix in (IDS, ROWS, PARTIAL):
                with contextlib.suppress(FileNotFoundError):  # another process makes room as well
                    found[file] = file.stat()
        return found


def _is_abandoned(file: Path, files: Mapping[Path, os.stat_result]) -> bool:
    """Half of a chunk whose writer must have been killed, for it would have finished long ago."""
    is_half = file.suffix == PARTIAL or (file.suffix == ROWS and file.with_suffix(IDS) not in files)
    return is_half and time.time() - files[file].st_mtime > _ABANDONED_SECONDS


def _kind(rows: np.ndarray) -> tuple[object, ...]:
    return rows.dtype, rows.shape[1:]


def _gather(chunks: Sequence[Chunk], ids: Sequence[str], folder: Path) -> np.ndarray:
    """Row i for `ids[i]`: a view of one chunk where they lie there side by side, else a copy, mapped from disk where large."""
    place = {id_: (number, row) for number, one in enumerate(chunks) for row, id_ in enumerate(one.ids)}
    numbers, positions = np.array([place[id_] for id_ in ids]).T
    begin = positions[0]
    if (numbers == numbers[0]).all() and (positions == np.arange(begin, begin + len(ids))).all():
        return np.asarray(chunks[numbers[0]].rows[begin : begin + len(ids)])
    rows = chunks[0].rows
    one_row = rows.dtype.itemsize * math.prod(rows.shape[1:])
    block = max(1, CHUNK_BYTES // max(1, one_row))
    if one_row * len(ids) > HELD_BYTES:
        starts = range(0, len(ids), block)
        blocks = (_block(chunks, numbers[i : i + block], positions[i : i + block]) for i in starts)
        try:
            return _laid_out(blocks, len(ids), folder)
        except OSError as reason:
            _log.info("%d rows are held in memory: %s", len(ids), reason)
    return _block(chunks, numbers, positions)


def _block(chunks: Sequence[Chunk], numbers: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Row `positions[i]` of chunk `numbers[i]`."""
    gathered = np.empty((len(numbers), *chunks[0].rows.shape[1:]), dtype=chunks[0].rows.dtype)
    for number in np.unique(numbers):
        here = np.flatnonzero(numbers == number)
        gathered[here] = chunks[number].rows[positions[here]]
    return gathered


def _spilled(rows: np.ndarray, folder: Path) -> np.ndarray:
    """The rows, mapped from disk where there is room."""
    try:
        return _laid_out([rows], len(rows), folder)
    except OSError as reason:
        _log.info("%d rows are held in memory: %s", len(rows), reason)
        return rows


def _laid_out(blocks: Iterable[np.ndarray], n: int, folder: Path) -> np.ndarray:
    """`n` rows, given in blocks, as a map of a file that has no name; copy-on-write, as the map of a chunk is."""
    with tempfile.TemporaryFile(dir=folder if folder.is_dir() else None) as file:
        for block in blocks:
            file.write(np.ascontiguousarray(block).data)
        file.flush()
        return np.memmap(file, dtype=block.dtype, mode="c", shape=(n, *block.shape[1:]))
