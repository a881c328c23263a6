"""Sidecar: what a person says of a weights file in `model.transferkit.json` beside it.

It may name the licence and the training data, which few weights files do, and whatever else the kind of source reads.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from transferkit.core.errors import WrongUse, unknown_name

_OBJECTS = ("settings", "keys", "processor")
"""Fields that hold an object."""


def path_beside(path: Path) -> Path:
    """Where the sidecar of a weights file lies.

    >>> path_beside(Path("weights/model.safetensors")).name
    'model.transferkit.json'
    """
    return path.with_suffix(".transferkit.json")


def read(path: Path, fields: Collection[str]) -> dict[str, Any]:
    """What the file beside the weights says; nothing where there is none. `fields`: those it may have."""
    beside = path_beside(path)
    if not beside.is_file():
        return {}
    try:
        said = json.loads(beside.read_text(encoding="utf-8"))
    except ValueError as reason:
        raise WrongUse(f"{beside} is not JSON: {reason}") from None
    if not isinstance(said, dict):
        raise WrongUse(f"{beside} holds {type(said).__name__}, expected an object with {', '.join(fields)}")
    for name in said:
        if name not in fields:
            raise unknown_name(f"field in {beside}", name, fields)
    for name in _OBJECTS:
        if not isinstance(said.get(name, {}), dict):
            raise WrongUse(f"{beside}: {name} is {type(said[name]).__name__}, expected an object")
    return said
