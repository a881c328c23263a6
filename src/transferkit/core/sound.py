"""Sound: an item of the modality "audio" - samples and their rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.examples import Chosen, Joined


@dataclass(frozen=True, eq=False)
class Sound:
    """A recording, as it was stored: neither resampled nor mixed down."""

    samples: np.ndarray
    """(n_samples, channels) float32 in -1..1"""
    rate: int
    """Samples a second, in Hz."""

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / self.rate


def seconds_of(items: Sequence[Any]) -> list[float]:
    """How long each of these sounds lasts; those that lie in files are not read for it, where their sequence knows.

    Such a sequence has an attribute `seconds`, one number an item.

    >>> seconds_of([Sound(np.zeros((4000, 1), dtype=np.float32), 8000)])
    [0.5]
    """
    if isinstance(items, Chosen):
        known = getattr(items.items, "seconds", None)
        if known is not None:
            return [known[i] for i in items.indices.tolist()]
        if isinstance(items.items, Joined):
            known = seconds_of(items.items)
            return [known[i] for i in items.indices.tolist()]
    if isinstance(items, Joined):
        return seconds_of(items.first) + seconds_of(items.second)
    known = getattr(items, "seconds", None)
    return [item.seconds for item in items] if known is None else list(known)
