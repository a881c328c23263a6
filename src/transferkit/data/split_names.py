"""What people call the splits, in folder names and in split columns."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from transferkit.core.format import Split

SPLITS: Mapping[str, Split] = MappingProxyType(
    {
        "train": "train",
        "training": "train",
        "val": "validation",
        "valid": "validation",
        "validation": "validation",
        "dev": "validation",
        "test": "test",
        "testing": "test",
    }
)
"""Lower-case name -> split."""
