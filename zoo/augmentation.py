"""How training pictures are changed so that what is learned carries to other people's pictures.

`Drawings` is for writing and other shapes on an empty ground: another person's digits fill the frame differently, lean,
are drawn with another pen, scanned at another resolution, and may be dark on light. `Photos` is for photographs. Both
give what the network takes: (n, 3, 32, 32), each channel from -1 to 1.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

SIDE = 32
GROUPS = 4
"""A batch is cut into so many groups where a change is drawn for a group and not for each picture."""


@dataclass(frozen=True, kw_only=True)
class Drawings:
    """Changes to pictures of shapes."""

    dark_ink: bool = False
    """True where the originals are dark on light."""
    enlarge: int = 1
    reduce: int = 1
    """The pen is changed on the original enlarged so many times; then it is reduced so many times."""
    pens: tuple[int, ...] = (1,)
    """Sides in pixels of the square that the stroke grows by, negative to shrink it."""
    fit: bool = True
    """True: `fill` is the share of the frame that the shape's bounding box takes; False: that the old frame takes."""
    fill: tuple[float, float] = (0.6, 1.05)
    stretch: float = 0.0
    """0 keeps a shape's proportions; 1 stretches it to a square at most."""
    degrees: float = 12.0
    shear: float = 0.2
    shift: float = 0.08
    """Share of half the frame."""
    resolutions: tuple[int, ...] = ()
    """Sides in pixels; a part of the pictures is reduced to one of them and enlarged again."""
    low_resolution_share: float = 0.5
    invert_share: float = 0.3
    noise: float = 0.06

    def describe(self) -> dict[str, Any]:
        """For the card."""
        return {"kind": "drawings", **asdict(self)}

    def __call__(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        """uint8 (n, h, w) -> float32 (n, 3, 32, 32)."""

        def uniform(low: float, high: float, *shape: int) -> Tensor:
            return low + (high - low) * torch.rand(shape, generator=generator)

        n = len(pixels)
        ink = pixels[:, None].float() / 255  # (n, 1, h, w)
        if self.dark_ink:
            ink = 1 - ink
        centre, half = _boxes(ink[:, 0]) if self.fit else (torch.zeros(n, 2), torch.ones(n, 2))
        if self.enlarge > 1:
            ink = functional.interpolate(ink, scale_factor=self.enlarge, mode="bilinear")
        pens = [self.pens[int(i)] for i in torch.randint(len(self.pens), (GROUPS,), generator=generator)]
        ink = torch.cat([_redrawn(group, pen) for group, pen in zip(ink.chunk(GROUPS), pens, strict=False)])
        if self.reduce > 1:
            ink = functional.avg_pool2d(ink, self.reduce)

        longest = half.amax(dim=1, keepdim=True)
        share = uniform(0, self.stretch, n, 1)
        half = half**share * longest ** (1 - share)  # (n, 2), from a square around the shape towards its own box
        half = half / uniform(*self.fill, n, 1) * uniform(0.93, 1.07, n, 2)
        turn = uniform(-1, 1, n) * math.radians(self.degrees)
        lean = uniform(-1, 1, n) * self.shear
        cos, sin = torch.cos(turn), torch.sin(turn)
        turned = torch.stack([torch.stack([cos, lean - sin], 1), torch.stack([sin, cos], 1)], 1)  # (n, 2, 2)
        moved = centre + half * uniform(-self.shift, self.shift, n, 2)
        affine = torch.cat([half[:, :, None] * turned, moved[:, :, None]], dim=2)  # (n, 2, 3)
        grid = functional.affine_grid(affine, [n, 1, SIDE, SIDE], align_corners=False)
        ink = functional.grid_sample(ink, grid, align_corners=False).clamp(0, 1)

        if self.resolutions:
            ink = self._at_low_resolution(ink, generator)
        ink = ink ** uniform(0.7, 1.5, n, 1, 1, 1) * uniform(0.6, 1, n, 1, 1, 1)
        ink = ink + uniform(0, 1, n, 1, 1, 1) * self.noise * torch.randn(ink.shape, generator=generator)
        inverted = uniform(0, 1, n, 1, 1, 1) < self.invert_share
        ink = torch.where(inverted, 1 - ink, ink).clamp(0, 1)
        return (ink * 2 - 1).expand(n, 3, SIDE, SIDE)

    def _at_low_resolution(self, ink: Tensor, generator: torch.Generator) -> Tensor:
        """A part of the batch as a coarse scanner sees it; half of that part in black and white first."""
        order = torch.randperm(len(ink), generator=generator)
        coarse = order[: int(len(ink) * self.low_resolution_share)]
        changed = ink.clone()
        for group in coarse.chunk(GROUPS):
            side = self.resolutions[int(torch.randint(len(self.resolutions), (), generator=generator))]
            black_and_white = torch.rand(len(group), 1, 1, 1, generator=generator) < 0.5
            sharp = torch.where(black_and_white, (ink[group] > 0.4).float(), ink[group])
            small = functional.interpolate(sharp, size=(side, side), mode="area")
            changed[group] = functional.interpolate(small, size=(SIDE, SIDE), mode="bilinear")
        return changed


@dataclass(frozen=True, kw_only=True)
class Photos:
    """Changes to photographs."""

    zoom: tuple[float, float] = (0.75, 1.15)
    degrees: float = 8.0
    shift: float = 0.2
    """Share of half the frame."""
    light: float = 0.3
    """How much brightness, contrast and saturation vary."""
    grey_share: float = 0.1
    resolutions: tuple[int, ...] = (8, 12, 16, 20)
    low_resolution_share: float = 0.15
    hole: float = 0.35
    """Side of the square that is blotted out, as a share of the frame."""

    def describe(self) -> dict[str, Any]:
        """For the card."""
        return {"kind": "photos", **asdict(self)}

    def __call__(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        """uint8 (n, h, w, 3) -> float32 (n, 3, 32, 32)."""

        def uniform(low: float, high: float, *shape: int) -> Tensor:
            return low + (high - low) * torch.rand(shape, generator=generator)

        n = len(pixels)
        colours = pixels.permute(0, 3, 1, 2).float() / 127.5 - 1  # (n, 3, h, w)
        turn, zoom = uniform(-1, 1, n) * math.radians(self.degrees), uniform(*self.zoom, n)
        mirror = torch.where(uniform(0, 1, n) < 0.5, -1.0, 1.0)
        cos, sin = torch.cos(turn) * zoom, torch.sin(turn) * zoom
        shift = uniform(-self.shift, self.shift, 2, n)
        first, second = torch.stack([cos * mirror, -sin, shift[0]], 1), torch.stack([sin * mirror, cos, shift[1]], 1)
        grid = functional.affine_grid(torch.stack([first, second], 1), [n, 3, SIDE, SIDE], align_corners=False)
        colours = functional.grid_sample(colours, grid, padding_mode="reflection", align_corners=False)

        coarse = torch.randperm(n, generator=generator)[: int(n * self.low_resolution_share)]
        side = self.resolutions[int(torch.randint(len(self.resolutions), (), generator=generator))]
        small = functional.interpolate(colours[coarse], size=(side, side), mode="area")
        colours[coarse] = functional.interpolate(small, size=(SIDE, SIDE), mode="bilinear")

        grey = colours.mean(1, keepdim=True)
        saturation = uniform(1 - self.light, 1 + self.light, n, 1, 1, 1)
        saturation = torch.where(uniform(0, 1, n, 1, 1, 1) < self.grey_share, 0.0, saturation)
        colours = grey + saturation * (colours - grey)
        level = colours.mean((1, 2, 3), keepdim=True)
        colours = level + uniform(1 - self.light, 1 + self.light, n, 1, 1, 1) * (colours - level)
        colours = (colours + uniform(-self.light, self.light, n, 1, 1, 1)).clamp(-1, 1)

        along = torch.linspace(-1, 1, SIDE)
        centre = uniform(-1, 1, 2, n, 1)
        rows, columns = (along - centre[0]).abs() < self.hole, (along - centre[1]).abs() < self.hole  # (n, SIDE)
        blotted = rows[:, None, :, None] & columns[:, None, None, :]
        return colours.masked_fill(blotted, 0.0)


def _boxes(ink: Tensor) -> tuple[Tensor, Tensor]:
    """Centre and half side (n, 2), (x, y) from -1 to 1, of the box around each picture's ink (n, h, w)."""
    found = []
    for axis in (1, 2):  # the maximum over rows tells the columns with ink, and the other way round
        length = ink.shape[3 - axis]
        marked = (ink.amax(axis) > 0.3).int()  # (n, length)
        first, last = marked.argmax(1), length - 1 - marked.flip(1).argmax(1)
        found.append((2 * first / length - 1, 2 * (last + 1) / length - 1))
    low, high = (torch.stack([edges[i] for edges in found], 1) for i in (0, 1))
    return (low + high) / 2, ((high - low) / 2).clamp_min(0.1)


def _redrawn(ink: Tensor, pen: int) -> Tensor:
    """Thicker strokes where a light picture grows, thinner where its ground does."""
    side = abs(pen)
    if side == 1:
        return ink
    padded = functional.pad(ink, (side // 2, (side - 1) // 2) * 2)
    return functional.max_pool2d(padded, side, 1) if pen > 0 else -functional.max_pool2d(-padded, side, 1)
