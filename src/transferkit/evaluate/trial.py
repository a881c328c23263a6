"""Trial: one fit of one arm with one seed, as a plain value that the journal keeps."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Phase = Literal["try", "prove"]
"""try: fitted on a fold, judged on its validation items.
prove: refitted on every open label, judged on the sealed test."""


@dataclass(frozen=True)
class TrialKey:
    """What makes two trials the same trial."""

    arm: str
    method: str
    """Spelled with all its settings."""
    sources: tuple[str, ...]
    """Fingerprints."""
    target: str
    """Fingerprint."""
    phase: Phase
    seed: int

    @property
    def digest(self) -> str:
        """20 hex digits."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class TrialResult:
    """What is left of a finished trial beside its predictor."""

    status: Literal["done", "failed"]
    seconds: float
    validation: float | None = None
    """The metric on the fold's validation items."""
    validation_loss: float | None = None
    record: dict[str, Any] = field(default_factory=dict)
    """The FitRecord as plain values."""
    message: str = ""
    """Why it failed: one line."""
    per_item: list[float] = field(default_factory=list)
    """The metric's value for each validation item, in the fold's order, so that arms can be paired item by item."""
    peak_bytes: int = 0
    """The most memory the process held during the fit - on a GPU, that was allocated there; 0: not measured.

    On a CPU it counts all the process has in memory, libraries and cached data too: compare fits, do not add them up.
    """
