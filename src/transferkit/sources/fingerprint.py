"""Fingerprints of weight files: content hashes, computed once per file and process."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

_SETTLED = 2.0
"""Seconds. A clock may tick too slowly to tell two writes apart; a file that was just written is hashed every time."""


def of_files(paths: Iterable[Path], also: str = "") -> str:
    """20 hex digits that change when, and only when, the content of these files or `also` changes."""
    return hashlib.sha256("\n".join([*map(_sha256, paths), also]).encode()).hexdigest()[:20]


def state_of(paths: Iterable[Path]) -> tuple[tuple[str, int, int], ...] | None:
    """Name, size and time of change of each; None where one was written just now and may be again without its time telling."""
    stats = [(str(path), path.stat()) for path in paths]
    if any(time.time() - stat.st_mtime < _SETTLED for _, stat in stats):
        return None
    return tuple((path, stat.st_size, stat.st_mtime_ns) for path, stat in stats)


def _sha256(path: Path) -> str:
    state = path.stat()
    if time.time() - state.st_mtime < _SETTLED:
        return _digest(str(path))
    return _settled_digest(str(path), state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=256)
def _settled_digest(path: str, size: int, changed: int) -> str:
    """Size and time of change make a rewritten file another one, so that an old hash is never given for it."""
    return _digest(path)


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
