"""Remote: places named by a URL such as `s3://bucket/runs/leaves`, through fsspec (https://filesystem-spec.readthedocs.io).

`file://` is a folder like any other and needs none of this; see `as_path`.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from transferkit.core.errors import Failed, WrongUse

PART = ".part"
"""Ending of a file that is being written."""
_DRIVES = {"file", "local", "sftp", "ssh"}
"""Protocols that write into a file that is there."""
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/{1,3}(.*)", re.DOTALL)
"""One letter before the colon is a drive; `Path` leaves one slash of two."""


def is_remote(place: str | Path) -> bool:
    """Whether a place is named by a URL and is no folder of this machine.

    >>> is_remote("s3://bucket/run"), is_remote("runs/leaves"), is_remote("C:/runs"), is_remote("file:///runs/leaves")
    (True, False, False, False)
    """
    found = _URL.fullmatch(str(place))
    return found is not None and found[1].lower() != "file"


def as_path(place: str | Path) -> Path:
    """A folder of this machine, also where it is spelled `file:///...`."""
    found = _URL.fullmatch(str(place))
    return Path(place) if found is None else Path("/" + found[2])


def opened(place: str | Path) -> tuple[Any, str]:
    """The file system of a URL, and the path in it. One line where no installed package speaks its protocol."""
    import fsspec

    found = _URL.fullmatch(str(place))
    if found is None:
        raise WrongUse(f"{place} is no URL; write it like s3://bucket/folder")
    try:
        system, path = fsspec.url_to_fs(str(place) if "://" in str(place) else f"{found[1]}://{found[2]}")
    except (ImportError, ValueError) as reason:
        raise WrongUse(f"{place} cannot be used: {first_line(reason)}") from reason
    except Exception as reason:  # each protocol has its own errors: a login refused, a host not found
        raise Failed(f"{place} cannot be reached: {first_line(reason)}") from reason
    return system, path.rstrip("/")


def write(system: Any, path: str, content: bytes) -> None:
    """Put a file there, whole or not at all. Object stores have no folders, other systems need them.

    An object store replaces a file in one step. A drive writes into it, and a kill would leave it empty: there the file is
    written beside it and takes its name when it is complete.
    """
    in_place = bool(_DRIVES & set([system.protocol] if isinstance(system.protocol, str) else system.protocol))
    written = f"{path}{PART}" if in_place else path
    try:
        system.pipe_file(written, content)
    except FileNotFoundError:
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        system.pipe_file(written, content)
    if in_place:
        system.mv(written, path)


@contextmanager
def fetched(place: str | Path, names: Iterable[str]) -> Iterator[Path]:
    """A folder with those of the named files that are at a URL; gone afterwards."""
    system, root = opened(place)
    with tempfile.TemporaryDirectory(prefix="transferkit-") as folder:
        with remote_errors(place):
            system.invalidate_cache()
            for name in names:
                if system.exists(f"{root}/{name}"):
                    system.get_file(f"{root}/{name}", str(Path(folder) / name))
        yield Path(folder)


@contextmanager
def remote_errors(place: str | Path) -> Iterator[None]:
    """Turn what goes wrong inside the block, in whatever package speaks the protocol, into one line about `place`."""
    try:
        yield
    except (Failed, WrongUse):
        raise
    except Exception as reason:
        raise Failed(f"{place} cannot be used ({first_line(reason)}); what had finished is kept") from reason


def first_line(reason: Exception) -> str:
    """An error in a few words."""
    return (str(reason) or type(reason).__name__).splitlines()[0][:200]
