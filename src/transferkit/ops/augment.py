"""Augmentation; of sounds in `augment_sounds.py`, here of pictures: small random shifts, scales and turns, and for photographs
mirror images.

`glyphs` never mirrors: a mirrored 2 is no 2. `auto` mirrors only where pictures are in colour, because grey ones are
mostly writing, scans or measurements, whose left and right mean something.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from transferkit.ops.augment_sounds import augment_frames, augment_maps, augment_waves

Augmentation = Literal["auto", "photos", "glyphs", "sounds", "none"]

TURN = math.radians(12.0)
SCALE = 0.15
SHIFT = 0.1
"""Share of the picture's side."""


def resolve(augmentation: Augmentation, inputs: Tensor | tuple[Tensor, ...], modality: str = "image") -> Augmentation:
    """Say what `auto` means for these inputs, made of items of `modality`; `none` where nothing is known to leave them what
    they are."""
    if augmentation != "auto":
        return augmentation
    if modality == "audio":
        return "sounds"
    if modality != "image":
        return "none"
    if not isinstance(inputs, Tensor) or inputs.ndim != 4:
        return "none"
    sample = inputs[:32]
    spread = sample - sample.mean(dim=(2, 3), keepdim=True)
    grey = inputs.shape[1] == 1 or bool(
        torch.allclose(_direction(spread[:, 0]), _direction(spread[:, 1]), atol=1e-3)
        and torch.allclose(_direction(spread[:, 0]), _direction(spread[:, 2]), atol=1e-3)
    )
    return "glyphs" if grey else "photos"


def augment(
    inputs: Tensor | tuple[Tensor, ...], augmentation: Augmentation, generator: torch.Generator
) -> Tensor | tuple[Tensor, ...]:
    """A randomly changed copy of a batch (n, c, h, w), or of sounds; the same for an equal generator state."""
    if augmentation == "sounds":
        return _sounds(inputs, generator)
    if augmentation == "none" or not isinstance(inputs, Tensor) or inputs.ndim != 4:
        return inputs
    n = len(inputs)
    draws = torch.rand(n, 5, generator=generator) * 2 - 1  # (n, 5) in -1..1
    turn, zoom = draws[:, 0] * TURN, 1 + draws[:, 1] * SCALE
    mirror = torch.where(draws[:, 4] > 0, -1.0, 1.0) if augmentation == "photos" else torch.ones(n)
    cos, sin = torch.cos(turn) * zoom, torch.sin(turn) * zoom
    first = torch.stack([cos * mirror, -sin, draws[:, 2] * 2 * SHIFT], dim=1)
    second = torch.stack([sin * mirror, cos, draws[:, 3] * 2 * SHIFT], dim=1)
    affine = torch.stack([first, second], dim=1).to(inputs)  # (n, 2, 3)
    grid = functional.affine_grid(affine, list(inputs.shape), align_corners=False)
    return functional.grid_sample(inputs, grid, padding_mode="border", align_corners=False)


def _sounds(inputs: Tensor | tuple[Tensor, ...], generator: torch.Generator) -> Tensor | tuple[Tensor, ...]:
    """Spectrograms (n, c, pitches, frames), or samples (n, n_samples) or spectrograms (n, pitches, frames) with their
    lengths; other forms stay as they are."""
    if isinstance(inputs, Tensor):
        return augment_maps(inputs, generator) if inputs.ndim == 4 else inputs
    if len(inputs) == 2 and inputs[0].ndim == 2 and inputs[1].ndim == 1:
        return augment_waves(*inputs, generator), inputs[1]
    if len(inputs) == 2 and inputs[0].ndim == 3 and inputs[1].ndim == 1:
        return augment_frames(*inputs, generator), inputs[1]
    return inputs


def _direction(channel: Tensor) -> Tensor:
    """One channel's pattern without its strength: equal patterns in all channels mean a grey picture."""
    flat = channel.flatten(1)
    norm: Tensor = flat.norm(dim=1, keepdim=True)
    return flat / norm.clamp_min(1e-6)
