"""A Ray to run on: imported, started here or called at an address, and kept from talking. What goes wrong is one line."""

from __future__ import annotations

import logging
import os
import socket
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.remote import first_line

INSTALL = "pip install 'transferkit[ray]'"
ANSWER_SECONDS = 5.0
"""Until when somebody must have taken the call at an address."""
PROTOCOL_SECONDS = 8.0
"""Until when it must have spoken Ray's protocol."""
DEFAULT_PORT = 10001
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_CLIENT_INITIAL_CONNECTION_TIMEOUT_S": "3",
    "RAY_CLIENT_MAX_CONNECTION_TIMEOUT_S": "5",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""Set while Ray starts, where the person has not set them: no reports to its makers, no long wait for a dead address."""


def imported() -> Any:
    """The package, where it is installed."""
    try:
        import ray
        import ray.exceptions
    except ImportError as reason:
        raise WrongUse(f"trials run on Ray only where it is installed ({reason}); {INSTALL}") from reason
    return ray


def connect(ray: Any, address: str | None, workers: int | None) -> None:
    """Start a Ray here, or call the one at an address; what goes wrong is one line."""
    if address is not None:
        _check_answers(address)
    where = {"address": address} if address else {"address": "local", "num_cpus": workers, "include_dashboard": False}
    try:
        ray.init(**where, log_to_driver=False, logging_level=logging.CRITICAL, configure_logging=True)
    except (ConnectionError, OSError, RuntimeError, ValueError, TimeoutError) as reason:
        if address is None:
            raise Failed(f"Ray did not start on this machine ({first_line(reason)})") from reason
        raise Failed(
            f"no Ray answers at {address} ({first_line(reason)}); is it the port of Ray's client server?"
        ) from reason


def _check_answers(address: str) -> None:
    """Ray itself would try for half a minute, and could not be started here afterwards."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port or DEFAULT_PORT
    except ValueError as reason:
        raise WrongUse(f"{address!r} is no address ({reason}); write it as ray://HOST:PORT") from reason
    if not host:
        raise WrongUse(f"{address!r} names no host; write it as ray://HOST:PORT")
    try:
        socket.create_connection((host, port), timeout=ANSWER_SECONDS).close()
    except OSError as reason:
        said = reason.strerror or str(reason) or "no answer"
        raise Failed(
            f"nobody answers at {address} ({said}); start Ray there, or run with --on ray or without --on"
        ) from reason
    if not _speaks_grpc(host, port):
        raise Failed(f"no Ray answers at {address}, something else does; is it the port of Ray's client server?")


def _speaks_grpc(host: str, port: int) -> bool:
    """Whether somebody there speaks the protocol of Ray's client server; told without Ray."""
    if os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true"):
        return True  # Ray has the certificates, and finds out itself
    try:
        import grpc
    except ImportError as reason:
        raise WrongUse(f"the Ray that is installed cannot call others ({reason}); {INSTALL}") from reason
    channel = grpc.insecure_channel(f"{host}:{port}")
    try:
        grpc.channel_ready_future(channel).result(timeout=PROTOCOL_SECONDS)
    except grpc.FutureTimeoutError:
        return False
    finally:
        channel.close()
    return True


@contextmanager
def quiet() -> Iterator[None]:
    """Start without reports to Ray's makers, without its warnings, and without lines on standard output.

    For the lines about lost workers, which would end up in `--json`, Ray has no switch.
    """
    from ray._private import worker

    before = {name: os.environ.get(name) for name in _QUIET}
    os.environ.update({name: value for name, value in _QUIET.items() if before[name] is None})
    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = _logged  # type: ignore[assignment]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)


def _logged(data: dict[str, Any], **_: Any) -> None:
    logging.getLogger(__name__).info("Ray: %s", " ".join(map(str, data.get("lines", ()))))
