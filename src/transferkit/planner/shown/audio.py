"""A sound: its log-mel spectrogram as a small picture, and where it is short the sound itself, 8 bits and at most 16 kHz.

Pitch goes up, time to the right; a spot is the brighter the louder, down to 60 dB below the loudest.
"""

from __future__ import annotations

import base64
import io
import math
import wave
from dataclasses import replace
from typing import Any

import numpy as np

from transferkit.core.sound import Sound
from transferkit.evaluate.summary import Mistake
from transferkit.planner.shown.image import as_png

LONGEST = 5.0
"""Seconds of a sound that a report carries along."""
HIGHEST_RATE = 16000
"""Hz"""
HEIGHT = 64
"""Pitches."""
WIDTH = 240
"""Moments at most."""
_WINDOW = 0.032
"""Seconds that one moment looks at."""
_LEAST_STEP = 0.008
_RANGE = 60.0
"""Decibels."""
_COLOURS = ((13, 18, 43), (52, 42, 122), (139, 53, 127), (219, 90, 85), (250, 172, 77), (252, 243, 190))
"""From silent to loud; in a grey print they go from dark to light."""


def show(mistake: Mistake, item: Sound) -> Mistake:
    """With a spectrogram as `thumbnail`, a `clip` where it is short, and `about`: its length and rate."""
    from transferkit.sources.processors._clip import mono

    rate = min(item.rate, HIGHEST_RATE)
    samples = mono(item, rate)
    return replace(
        mistake,
        thumbnail=as_png(_picture(spectrogram(samples, rate))),
        clip=_as_wav(samples, rate) if item.seconds < LONGEST else None,
        about=f"{item.seconds:.2g} s at {item.rate} Hz"
        if item.seconds < 10
        else f"{item.seconds:.0f} s at {item.rate} Hz",
    )


def spectrogram(samples: np.ndarray, rate: int) -> np.ndarray:
    """(HEIGHT, n_frames) 0 to 1, the highest pitch first; samples (n,) float32."""
    import torch

    from transferkit.ops.spectrogram import log_mel, mel_filters

    window = max(32, round(_WINDOW * rate))
    hop = max(1, round(_LEAST_STEP * rate), math.ceil(len(samples) / WIDTH))
    n_fft = 2 ** math.ceil(math.log2(2 * window))  # twice as fine as the window, so that low pitches have one each
    padded = np.pad(samples, (0, max(0, n_fft - len(samples))))  # the transform mirrors half of n_fft at both ends
    filters = mel_filters(HEIGHT, n_fft, rate, 40.0, rate / 2)
    power = log_mel(torch.from_numpy(np.ascontiguousarray(padded))[None], filters, n_fft, window, hop)[0].numpy()
    power = power[:, : max(1, len(samples) // hop + 1)]
    decibels = power * (10 / math.log(10))
    shown: np.ndarray = np.clip(1 + (decibels - decibels.max()) / _RANGE, 0, 1)
    return shown[::-1] if decibels.max() > -99 else np.zeros_like(shown)  # silence is dark, not all equally loud


def _picture(shares: np.ndarray) -> Any:
    from PIL import Image

    places = np.linspace(0, 1, 256)
    anchors = np.linspace(0, 1, len(_COLOURS))
    palette = np.stack([np.interp(places, anchors, channel) for channel in zip(*_COLOURS, strict=True)], axis=1)
    picture = Image.fromarray((shares * 255).round().astype(np.uint8), "L").convert("P")
    picture.putpalette(palette.round().astype(np.uint8).tobytes())
    return picture


def _as_wav(samples: np.ndarray, rate: int) -> str:
    """`data:audio/wav;base64,...`, 8 bits a sample, as loud as it was."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(rate)
        file.writeframes(np.clip(np.round(samples * 127) + 128, 0, 255).astype(np.uint8).tobytes())
    return "data:audio/wav;base64," + base64.b64encode(buffer.getvalue()).decode()
