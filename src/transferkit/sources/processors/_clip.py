"""Clip: a recording of any rate, length and number of channels -> samples of one channel at one rate.

Channels are averaged. The rate is changed by a polyphase filter (`scipy.signal.resample_poly`, a Kaiser window), which
removes what the lower rate cannot hold; a recording keeps its length in seconds.

Of a recording that is longer than a network listens, the loudest stretch is kept: what was labelled is more likely there
than in the middle. Short ones are filled up by whoever calls.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.core.sound import Sound

LENGTHS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds to choose from; few, so that a few items more or less rarely change the choice."""
_LOOKED_AT = 16
_COVERED = 0.9
"""Share of the sounds that the chosen length holds in whole."""


def mono(item: Any, rate: int) -> np.ndarray:
    """(n_samples,) float32 at `rate` Hz, channels averaged."""
    if not isinstance(item, Sound):
        raise WrongUse(
            f"a network of sounds takes transferkit.core.sound.Sound, got {type(item).__name__}; read it with soundfile"
        )
    samples = item.samples.mean(axis=1, dtype=np.float32) if item.samples.shape[1] > 1 else item.samples[:, 0]
    if item.rate == rate:
        return np.asarray(samples)
    from scipy.signal import resample_poly

    divisor = math.gcd(item.rate, rate)
    resampled = resample_poly(samples.astype(np.float64), rate // divisor, item.rate // divisor)
    return np.asarray(resampled, dtype=np.float32)


def loudest(samples: np.ndarray, length: int) -> np.ndarray:
    """The `length` neighbouring samples of most power; all of them where there are no more.

    >>> loudest(np.array([0.0, 1.0, 3.0, 2.0, 0.0]), 2).tolist()
    [3.0, 2.0]
    """
    if len(samples) <= length:
        return samples
    power = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    begin = int((power[length:] - power[:-length]).argmax())
    return samples[begin : begin + length]


def centred(samples: np.ndarray, length: int) -> np.ndarray:
    """(length,) the loudest stretch of a long recording, a short one with silence before and after it."""
    kept = loudest(samples, length)
    before = (length - len(kept)) // 2
    return np.pad(kept, (before, length - len(kept) - before))


def usual_seconds(items: Sequence[Any]) -> float:
    """The least of `LENGTHS` that holds nine of ten of the first sounds in whole; the longest where none does.

    >>> usual_seconds([Sound(np.zeros((8000, 1), np.float32), 16000)] * 3)
    1.0
    """
    lengths = [items[i].seconds for i in range(min(_LOOKED_AT, len(items)))]
    wanted = float(np.quantile(lengths, _COVERED)) if lengths else LENGTHS[0]
    return min((length for length in LENGTHS if length >= wanted), default=LENGTHS[-1])
