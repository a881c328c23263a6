"""Strong augmentation: pictures that are changed until the class is only just to be seen, for learning from a model's own word.

As FixMatch has it (Sohn et al. 2020, arXiv:2001.07685, RandAugment and Cutout), with fewer kinds of change: what `augment` does
twice over, contrast and brightness, and a square of a quarter to half the side left grey.
"""

from __future__ import annotations

import torch
from torch import Tensor

from transferkit.ops.augment import Augmentation, augment

CONTRAST = 0.5
BRIGHTNESS = 0.3
"""In standard deviations of the batch."""
SQUARE = (0.25, 0.5)
"""Least and most of the picture's side."""


def augment_strongly(
    inputs: Tensor | tuple[Tensor, ...], augmentation: Augmentation, generator: torch.Generator
) -> Tensor | tuple[Tensor, ...]:
    """A strongly changed copy of a batch (n, c, h, w); sounds are changed twice over, other inputs stay as they are."""
    changed = augment(augment(inputs, augmentation, generator), augmentation, generator)
    if augmentation not in ("glyphs", "photos") or not isinstance(changed, Tensor) or changed.ndim != 4:
        return changed
    n, _, height, width = changed.shape
    draws = torch.rand(n, 5, generator=generator).to(changed)
    mean, deviation = changed.mean(dim=(1, 2, 3), keepdim=True), changed.std().clamp_min(1e-6)
    contrast, brightness = (2 * draws[:, :2] - 1).unbind(dim=1)
    result = mean + (changed - mean) * (1 + CONTRAST * contrast)[:, None, None, None]
    result = result + BRIGHTNESS * deviation * brightness[:, None, None, None]
    side = SQUARE[0] + (SQUARE[1] - SQUARE[0]) * draws[:, 2]
    rows, columns = (torch.arange(length, device=changed.device) / length for length in (height, width))
    in_rows = (rows[None] - (draws[:, 3] * (1 - side))[:, None]).div(side[:, None])  # (n, h), 0 to 1 in the square
    in_columns = (columns[None] - (draws[:, 4] * (1 - side))[:, None]).div(side[:, None])
    inside = ((in_rows >= 0) & (in_rows < 1))[:, :, None] & ((in_columns >= 0) & (in_columns < 1))[:, None, :]
    return torch.where(inside[:, None], mean, result)
