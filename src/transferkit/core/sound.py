"""Sound: an item of the modality "audio" - samples and their rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
