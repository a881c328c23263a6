"""Sounds that are already in memory: `Sound`s, or pairs of samples and rate. An id is the SHA-256 of samples and rate."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples
from transferkit.core.sound import Sound
from transferkit.data.sound import LEAST_SECONDS


def held(items: Sequence[Any]) -> Examples | None:
    """Unlabelled examples of sounds in memory; None where these are no sounds.

    Samples are (n,) or (n, channels): fractions of full scale, or whole numbers of 8 (unsigned), 16 or 32 bits.

    >>> held([(np.zeros(8000, dtype=np.int16), 8000)]).items[0].seconds
    1.0
    """
    if len(items) == 0:
        return Examples(items=(), ids=())
    if not all(isinstance(item, Sound) or _is_pair(item) for item in items):
        return None
    sounds = [item if isinstance(item, Sound) else _sound(i, *item) for i, item in enumerate(items)]
    for i, sound in enumerate(sounds):
        if sound.seconds < LEAST_SECONDS:
            raise WrongUse(f"item {i} lasts {sound.seconds:.2g} s; a sound needs at least {LEAST_SECONDS:g} s")
        if not np.isfinite(sound.samples).all():
            raise WrongUse(f"item {i} holds samples that are no numbers")
    return Examples(items=tuple(sounds), ids=tuple(_id(sound) for sound in sounds))


def _is_pair(item: Any) -> bool:
    """(samples, rate), as soundfile.read gives it."""
    return isinstance(item, tuple) and len(item) == 2 and hasattr(item[0], "__array__") and np.ndim(item[1]) == 0


def _sound(i: int, given: Any, rate: Any) -> Sound:
    samples = np.asarray(given)
    if samples.ndim not in (1, 2):
        raise WrongUse(f"item {i} has samples of shape {samples.shape}; expected (n,) or (n, channels)")
    if not float(rate) > 0 or int(rate) != rate:
        raise WrongUse(f"item {i} has a rate of {rate}; expected whole samples a second, such as 16000")
    if samples.ndim == 2 and samples.shape[1] > samples.shape[0]:
        raise WrongUse(f"item {i} has samples of shape {samples.shape}; put the channels last")
    return Sound(_fractions(i, samples.reshape(len(samples), -1)), int(rate))


def _fractions(i: int, samples: np.ndarray) -> np.ndarray:
    """float32 in -1..1."""
    if samples.dtype.kind == "f":
        return samples.astype(np.float32)
    if samples.dtype == np.uint8:
        return ((samples.astype(np.float32) - 128) / 128).astype(np.float32)
    if samples.dtype in (np.int16, np.int32):
        return (samples / -float(np.iinfo(samples.dtype).min)).astype(np.float32)
    raise WrongUse(
        f"item {i} has samples of type {samples.dtype}; expected fractions, or 8, 16 or 32 bit whole numbers"
    )


def _id(sound: Sound) -> str:
    about = f"{sound.rate} {sound.samples.shape}".encode()
    return hashlib.sha256(about + np.ascontiguousarray(sound.samples).tobytes()).hexdigest()
