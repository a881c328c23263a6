"""Spectrograms: how strong each pitch is at each moment, on the ear's scale, from samples in -1..1.

The mel scales are Slaney's (linear below 1000 Hz, logarithmic above; each filter has unit area) and HTK's
(2595 log10(1 + f / 700); each filter has height 1). Cepstra are the orthonormal type-II cosine transform over the filters
(Davis & Mermelstein 1980).
"""

from __future__ import annotations

import math
from functools import cache
from typing import Literal

import torch
from torch import Tensor

MelScale = Literal["slaney", "htk"]

_LINEAR = 200 / 3
"""Hz a mel below `_KNEE`, on Slaney's scale."""
_KNEE = 1000.0
_STEP = math.log(6.4) / 27
"""Logarithm of the ratio of two neighbouring mels above the knee."""


@cache
def mel_filters(n_mels: int, n_fft: int, rate: int, low: float, high: float, scale: MelScale = "slaney") -> Tensor:
    """(n_mels, n_fft // 2 + 1) triangular filters between `low` and `high` Hz, to be multiplied with a power spectrum.

    >>> mel_filters(40, 480, 16000, 20.0, 4000.0).shape
    torch.Size([40, 241])
    """
    lowest, highest = _to_mel(low, scale), _to_mel(high, scale)
    steps = [lowest + (highest - lowest) * i / (n_mels + 1) for i in range(n_mels + 2)]
    corners = torch.tensor([_to_hertz(mel, scale) for mel in steps], dtype=torch.float64)
    pitches = torch.arange(n_fft // 2 + 1, dtype=torch.float64) * rate / n_fft
    rising = (pitches - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]  # (n_mels, n_pitches)
    falling = (corners[2:, None] - pitches) / (corners[2:] - corners[1:-1])[:, None]
    filters = torch.minimum(rising, falling).clamp_min(0)
    if scale == "slaney":
        filters = filters * (2 / (corners[2:] - corners[:-2]))[:, None]
    return filters.float()


def log_mel(waves: Tensor, filters: Tensor, n_fft: int, window: int, hop: int, floor: float = 1e-10) -> Tensor:
    """Natural logarithm of the power that each filter (n_mels, n_fft // 2 + 1) lets through: (n, n_mels, n_frames).

    `waves` (n, n_samples); frames of `window` samples (Hann) are `hop` apart, the first and last centred on the first and
    last sample, of which the sound is mirrored. Power below `floor` counts as `floor`.
    """
    hann = torch.hann_window(window)
    spectra = torch.stft(waves, n_fft, hop, window, hann, center=True, pad_mode="reflect", return_complex=True)
    power = spectra.real.square() + spectra.imag.square()  # (n, n_pitches, n_frames)
    return (filters @ power).clamp_min(floor).log()


def cepstra(log_mels: Tensor, n_cepstra: int) -> Tensor:
    """The first cosine coefficients of (n, n_mels, n_frames) over the filters: (n, n_cepstra, n_frames)."""
    n_mels = log_mels.shape[1]
    places = torch.arange(n_mels, dtype=torch.float64) + 0.5
    angles = torch.arange(n_cepstra, dtype=torch.float64)[:, None] * places * math.pi / n_mels
    basis = angles.cos() * math.sqrt(2 / n_mels)
    basis[0] = math.sqrt(1 / n_mels)
    return basis.float() @ log_mels


def _to_mel(hertz: float, scale: MelScale) -> float:
    if scale == "htk":
        return 2595 * math.log10(1 + hertz / 700)
    return hertz / _LINEAR if hertz < _KNEE else _KNEE / _LINEAR + math.log(hertz / _KNEE) / _STEP


def _to_hertz(mel: float, scale: MelScale) -> float:
    if scale == "htk":
        return 700 * (10 ** (mel / 2595) - 1)  # type: ignore[no-any-return]
    knee = _KNEE / _LINEAR
    return mel * _LINEAR if mel < knee else _KNEE * math.exp((mel - knee) * _STEP)
