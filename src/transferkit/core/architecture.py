"""Architecture: a network's shape without its weights, as a value that can be written down.

A saved predictor holds its architecture beside its weights; scratch is an architecture with a fresh initialisation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Architecture:
    """`kind` is the file stem under `sources/architectures/`, `settings` canonical JSON of its arguments."""

    kind: str
    settings: str = "{}"

    @classmethod
    def of(cls, kind: str, settings: Mapping[str, Any] | None = None) -> Architecture:
        """Build from plain settings.

        >>> Architecture.of("small_cnn", {"width": 16}) == Architecture.of("small_cnn", {"width": 16})
        True
        """
        return cls(kind, json.dumps(dict(settings or {}), sort_keys=True))

    def arguments(self) -> dict[str, Any]:
        """The settings as a dict."""
        loaded: dict[str, Any] = json.loads(self.settings)
        return loaded

    @property
    def fingerprint(self) -> str:
        """16 hex digits that two equal architectures share."""
        return hashlib.sha256(f"{self.kind}{self.settings}".encode()).hexdigest()[:16]
