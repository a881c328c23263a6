"""Chunks: some rows of one key in two files that appear whole or not at all.

`<digest>.npy` holds the rows, `<digest>.ids` one id a line; the digest is that of the ids. Both are written under another
name and then renamed, rows first, so a chunk counts from the moment its ids are there, and two processes that write the
same chunk put the same content under the same name.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

IDS = ".ids"
ROWS = ".npy"
PARTIAL = ".partial"


@dataclass(frozen=True)
class Chunk:
    """Rows on disk, mapped into memory. Writing to `rows` changes this process's copy only, never the file."""

    ids_file: Path
    ids: tuple[str, ...]
    rows: np.ndarray
    """(n, ...) a memory map; copy-on-write, because torch takes no read-only arrays."""


def open_chunk(ids_file: Path) -> Chunk | None:
    """The chunk, or None where its files are gone, truncated or not ours."""
    try:
        ids = read_ids(ids_file.read_bytes())
        rows = np.load(ids_file.with_suffix(ROWS), mmap_mode="c", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    if _digest(ids) != ids_file.stem or rows.ndim == 0 or len(rows) != len(ids):
        return None
    return Chunk(ids_file, ids, rows)


def read_ids(content: bytes) -> tuple[str, ...]:
    """The ids an ids file lists."""
    return tuple(content.decode().split("\n"))


def write_chunk(folder: Path, ids: Sequence[str], rows: np.ndarray) -> Path:
    """Write rows and ids; gives the ids file. Raises OSError where the disk is full or the folder cannot be made."""
    folder.mkdir(parents=True, exist_ok=True)
    ids_file = folder / f"{_digest(ids)}{IDS}"
    put(ids_file.with_suffix(ROWS), lambda file: _save(file, np.ascontiguousarray(rows)))
    put(ids_file, lambda file: file.write("\n".join(ids).encode()))
    return ids_file


def _digest(ids: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()[:32]


def _save(file: BinaryIO, rows: np.ndarray) -> None:
    """As numpy's own `save`, which on a full disk tells of bytes and not of the disk."""
    np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(rows))
    file.write(rows.data)


def put(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file so that it is seen whole or not at all, even after a power cut."""
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}{PARTIAL}")
    try:
        with partial.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
