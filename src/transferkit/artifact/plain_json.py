"""How JSON is written here: exactly, for our own files, or strictly, for files that other programs read too."""

from __future__ import annotations

import json
import math
from typing import Any


def exact(value: Any, indent: int | None = None) -> str:
    """One line of JSON (or indented) with sorted keys, in which every float comes back bit for bit, NaN and infinity included.

    >>> exact({"b": float("nan"), "a": 0.1})
    '{"a": 0.1, "b": NaN}'
    """
    return json.dumps(value, sort_keys=True, indent=indent, default=_plain_number)


def strict(value: Any) -> str:
    """Indented JSON as the standard has it: NaN and infinity, which it lacks, become null.

    >>> strict([1.5, float("inf")]).split()
    ['[', '1.5,', 'null', ']']
    """
    return json.dumps(_finite(value), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    if value is None or isinstance(value, str | bool | int):
        return value
    number = value if isinstance(value, float) else _plain_number(value)
    return None if isinstance(number, float) and not math.isfinite(number) else number


def _plain_number(value: Any) -> Any:
    """The Python number in a numpy or torch scalar."""
    if not hasattr(value, "item"):
        raise TypeError(f"{value!r} cannot be written as JSON")
    return value.item()
