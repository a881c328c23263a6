"""Peers: other people's code in an environment of its own, asked line by line, so that it and ours can be timed in turn.

Two environment variables say where they are; nothing of them is in this repository:

    TRANSFERKIT_PEERS_PYTHON    the Python of an environment in which they can be imported
    TRANSFERKIT_PEERS           a folder with a checkout of each, named owner-name
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from transferkit.core.errors import Failed

PYTHON, CHECKOUTS = "TRANSFERKIT_PEERS_PYTHON", "TRANSFERKIT_PEERS"


class Peers:
    """A process that answers each line of JSON with one: `{"error": ...}` where it could not."""

    def __init__(self, script: Path, *, threads: int) -> None:
        """Start `script` with the folder of checkouts as its argument; one line where a variable is missing."""
        absent = [name for name in (PYTHON, CHECKOUTS) if not os.environ.get(name)]
        if absent:
            raise Failed(f"the experiment runs other people's code: set {' and '.join(absent)}, see bench/peers.py")
        several = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")}
        self._process = subprocess.Popen(
            [os.environ[PYTHON], str(script), os.environ[CHECKOUTS]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | several,
        )
        self.introduction = self._read()
        """What the script said of itself."""

    def __enter__(self) -> Peers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, reason: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()  # closes its input, which ends it, and then its output

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one question; Failed where the script says that it could not."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        answer = self._read()
        if "error" in answer:
            raise Failed(f"a peer failed at {question}: {answer['error']}")
        return answer

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Failed(f"the peers' process ended with exit code {self._process.wait()}; its message is above")
        answer: dict[str, Any] = json.loads(line)
        return answer
