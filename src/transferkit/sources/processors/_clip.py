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
from transferkit.core.sound import Sound, seconds_of

LENGTHS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds to choose from; few, so that a few items more or less rarely change the choice."""
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
    """The least of `LENGTHS` that holds nine of ten sounds in whole; the longest where none does.

    >>> usual_seconds([Sound(np.zeros((8000, 1), np.float32), 16000)] * 3)
    1.0
    """
    lengths = seconds_of(items)
    wanted = float(np.quantile(lengths, _COVERED, method="inverted_cdf")) if lengths else LENGTHS[0]
    return min((length for length in LENGTHS if length >= wanted), default=LENGTHS[-1])


def note_of_longer(items: Sequence[Any], seconds: float) -> tuple[str, ...]:
    """The line that tells how many recordings are longer than a network listens; none where none is."""
    longer = sum(lasts > seconds for lasts in seconds_of(items))
    if not longer:
        return ()
    are = "sound is" if longer == 1 else "sounds are"
    return (f"{longer} of {len(items)} {are} longer than {seconds:g} s; of each the loudest {seconds:g} s are heard",)


def long_enough(items: Sequence[Any]) -> float:
    """Seconds that hold the longest of these sounds, rounded up to one of `LENGTHS` or to whole 8 seconds.

    >>> long_enough([Sound(np.zeros((40000, 1), np.float32), 16000)])
    4.0
    """
    longest = max(seconds_of(items), default=LENGTHS[0])
    return next((length for length in LENGTHS if length >= longest), 8.0 * math.ceil(longest / 8))
