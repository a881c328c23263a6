"""Lock: one process at a time works in a folder. The operating system opens it again when the process dies, however."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from transferkit.core.errors import WrongUse

LOCK_FILE = ".lock"
_FAR = 1 << 30
"""Windows locks bytes, and locked bytes cannot be read: lock one far behind the process number written in front."""

_held: set[int] = set()


class AtWork(WrongUse):
    """Another process is at work there."""


class Lock:
    """Held from creation until `release`. A second holder, in this process or another, gets one clear line."""

    def __init__(self, directory: Path) -> None:
        path = directory / LOCK_FILE
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _acquire(self._descriptor)
        except BlockingIOError:
            holder = os.read(self._descriptor, 32).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise AtWork(
                f"process {holder or '?'} is at work in {directory}; wait until it ends, or name another folder with --out"
            ) from None
        except BaseException:
            os.close(self._descriptor)
            raise
        _held.add(self._descriptor)
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let others in; a second call does nothing."""
        if self._descriptor in _held:
            _held.discard(self._descriptor)
            os.close(self._descriptor)
        self._descriptor = -1


if sys.platform == "win32":
    import msvcrt

    def _acquire(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as reason:
            raise BlockingIOError from reason
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
else:
    import fcntl

    def _acquire(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _let_go_in_child() -> None:
        """A forked worker that outlives a killed parent must not keep the lock."""
        for descriptor in _held:
            os.close(descriptor)
        _held.clear()

    os.register_at_fork(after_in_child=_let_go_in_child)
