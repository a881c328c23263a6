"""What a person sees, and where: results on standard output, everything else on standard error.

With `--json` standard output carries exactly one JSON object. Errors and warnings are one line each.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from transferkit.artifact.plain_json import strict

DEBUG = "TRANSFERKIT_DEBUG"
"""Environment variable: set, the stack trace of an error is shown."""

WIDTH = 120
"""Columns of a table that goes into a file or a pipe."""


def show(text: Any) -> None:
    """Print a result on standard output; a string as it is, a rich renderable drawn to the terminal's width."""
    if isinstance(text, str):
        sys.stdout.write(text if text.endswith("\n") else f"{text}\n")
        return
    from rich.console import Console

    width = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else WIDTH
    Console(width=width).print(text)


def show_json(value: Mapping[str, Any]) -> None:
    """Print the one JSON object; NaN and infinity become null."""
    sys.stdout.write(strict(dict(value)))


def tell(line: str) -> None:
    """Print a line for the person on standard error."""
    sys.stderr.write(f"{line}\n")


def fail(reason: str, as_json: bool) -> None:
    """Print an error: one line on standard error and, for programs, an object on standard output."""
    line = one_line(reason)
    tell(f"error: {line}")
    if as_json:
        sys.stdout.write(json.dumps({"error": line}) + "\n")


def one_line(text: str) -> str:
    """Join what came over several lines.

    >>> one_line("no such file:\\n  here.png")
    'no such file: here.png'
    """
    return " ".join(text.split())


def listed(named: Sequence[tuple[str, str]], shown: int) -> str:
    """Items with their reasons, the first `shown` of them spelled out.

    >>> listed([("a.png", "is empty"), ("b.png", "is cut short")], 1)
    '2 items: a.png (is empty), and 1 more'
    """
    parts = [f"{name} ({one_line(reason)})" for name, reason in named[:shown]]
    if len(named) > shown:
        parts.append(f"and {len(named) - shown} more")
    return f"{len(named)} item{'s' if len(named) != 1 else ''}: {', '.join(parts)}"


@contextmanager
def plain_warnings(quiet: bool = False) -> Iterator[None]:
    """Inside, a warning is one line on standard error without code, once; none where `quiet`."""
    seen: set[str] = set()

    def show_warning(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        said = one_line(str(message))
        if not quiet and said not in seen:
            seen.add(said)
            tell(f"warning: {said}")

    with warnings.catch_warnings():
        warnings.showwarning = show_warning
        yield
