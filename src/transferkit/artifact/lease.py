"""Lease: one process at a time works on a remote folder. Its holder lets a counter beat; a counter that stands still is dead.

Object stores have no locks. Whoever wants the lease writes its name, waits, and reads whose name is there: of several that
write at the same moment the last one has it. Life is told by the counter and the watcher's own clock, never by comparing the
clocks of two machines; a holder on this machine whose process has gone is dead at once.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import threading
import time
from typing import Any

from transferkit.artifact.lock import AtWork
from transferkit.core.errors import Failed
from transferkit.core.remote import remote_errors, write

LEASE = "lease.json"
BEAT_SECONDS = 10.0
DEAD_SECONDS = 60.0
"""A counter that stood still for so long belongs to nobody."""
SETTLE_SECONDS = 1.0
"""How long two that write at the same moment may miss each other."""
_log = logging.getLogger(__name__)


class Lease:
    """Asked for with `take`, held until `release`."""

    def __init__(self, system: Any, folder: str, place: str) -> None:
        self._system, self._path, self._place = system, f"{folder}/{LEASE}", place
        self._me = {"holder": secrets.token_hex(8), "host": socket.gethostname(), "process": os.getpid()}
        self._seen: tuple[Any, float] = (None, 0.0)
        """What was last read, and since when it is the same."""
        self._released = threading.Event()
        self._beats: threading.Thread | None = None

    def take(self) -> None:
        """Hold it from now on, or raise AtWork where another one does; ask again, and a dead one is noticed."""
        there = self._read()
        if there is not None and there != self._seen[0]:
            self._seen = (there, time.monotonic())
        if there is not None and not self._is_dead(there):
            raise AtWork(
                f"process {there['process']} on {there['host']} is at work in {self._place}; wait until it ends, or name "
                "another folder with --out"
            )
        self._write(0)
        time.sleep(SETTLE_SECONDS)
        now = self._read()
        if now is None or now["holder"] != self._me["holder"]:
            raise AtWork(f"another process has just begun in {self._place}; wait until it ends")
        self._beats = threading.Thread(target=self._beat, name="transferkit-lease", daemon=True)
        self._beats.start()

    def release(self) -> None:
        """Let others in; a second call does nothing."""
        if self._beats is None or self._released.is_set():
            return
        self._released.set()
        self._beats.join()
        with remote_errors(self._place):
            self._system.rm_file(self._path)

    def _is_dead(self, there: dict[str, Any]) -> bool:
        here = there["host"] == self._me["host"]
        return (here and not _is_alive(there["process"])) or time.monotonic() - self._seen[1] > DEAD_SECONDS

    def _beat(self) -> None:
        count = 0
        while not self._released.wait(BEAT_SECONDS):
            count += 1
            try:
                self._write(count)
            except Failed as reason:  # the next one may get through; the run itself hears of it when it sends
                _log.info("%s", reason)

    def _write(self, count: int) -> None:
        with remote_errors(self._place):
            write(self._system, self._path, json.dumps(self._me | {"beat": count}).encode())

    def _read(self) -> dict[str, Any] | None:
        with remote_errors(self._place):
            try:
                self._system.invalidate_cache()
                plain = json.loads(self._system.cat_file(self._path))
            except (FileNotFoundError, ValueError):  # a half-written one counts as none: its writer reads it back
                return None
        return plain if isinstance(plain, dict) and self._me.keys() <= plain.keys() else None


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is there, and somebody else's
        return True
    return True
