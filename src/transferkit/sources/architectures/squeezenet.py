"""SqueezeNet 1.0: fire modules, a squeeze to few channels and two expansions. Iandola et al. 2016, arXiv:1602.07360.

Differs from the paper: the head here is linear on pooled features, so that one feature vector a picture is enough; the
paper applies its 1x1 convolution and a ReLU first and pools the class maps. Both orders give the same logits where that
ReLU cuts nothing off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from transferkit.core.architecture import Architecture
from transferkit.core.network import Network
from transferkit.sources.architectures._chain import Chain, GlobalPool

_FIRES = {
    3: (16, 64),
    4: (16, 64),
    5: (32, 128),
    7: (32, 128),
    8: (48, 192),
    9: (48, 192),
    10: (64, 256),
    12: (64, 256),
}
"""Position among the layers of the usual checkpoints -> squeezed and expanded channels; 2, 6 and 11 are pools."""

KEYS = {
    r"^features\.0\.": "body.stem.convolution.",
    r"^features\.(\d+)\.": r"body.fire\1.",
    r"^classifier\.1\.": "head.",
}
"""Names in torchvision checkpoints -> ours."""


def build(n_classes: int | None = None, bgr: bool = False) -> Network:
    """A fresh SqueezeNet 1.0: stem, fire3 to fire12; features (n, 512).

    `bgr`: the weights were made for blue first, as Caffe's are; pictures still come red first.
    """
    stages: dict[str, nn.Module] = {"stem": Stem(bgr)}
    n_in = 96
    for position, (squeezed, expanded) in _FIRES.items():
        before = nn.MaxPool2d(3, 2, ceil_mode=True) if position in (3, 7, 12) else nn.Identity()
        after = GlobalPool() if position == 12 else nn.Identity()
        stages[f"fire{position}"] = Fire(n_in, squeezed, expanded, before, after)
        n_in = 2 * expanded
    return Chain(Architecture.of("squeezenet", {"n_classes": n_classes, "bgr": bgr}), stages, n_in, n_classes)


def settings_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """The settings that weights of these shapes (under our names) were made with; the colour order does not show."""
    return {"n_classes": shapes.get("head.weight", (None,))[0]}


def processor(settings: Mapping[str, Any], size: int | None = None) -> dict[str, Any]:
    """The middle of 256 pixels, in the colour statistics the weights know: Caffe's with `bgr`, else ImageNet's."""
    size = size or 227
    mean = [123 / 255, 117 / 255, 104 / 255] if settings.get("bgr") else [0.485, 0.456, 0.406]
    return {
        "kind": "image",
        "size": [size, size],
        "mean": mean,
        "std": [1 / 255] * 3 if settings.get("bgr") else [0.229, 0.224, 0.225],
        "resize": "shorter_side",
        "crop_share": size / 256,
        "interpolation": "bilinear",
    }


@final
class Stem(nn.Module):
    """One wide convolution, half the size."""

    def __init__(self, bgr: bool) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 96, 7, stride=2)
        self.bgr = bgr
        _initialise(self)

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, 3, h, w) -> (n, 96, (h - 5) // 2, (w - 5) // 2)."""
        return functional.relu(self.convolution(pictures.flip(1) if self.bgr else pictures), inplace=True)


@final
class Fire(nn.Module):
    """Squeeze to few channels, then expand with 1x1 and 3x3 filters side by side."""

    def __init__(self, n_in: int, squeezed: int, expanded: int, before: nn.Module, after: nn.Module) -> None:
        super().__init__()
        self.before = before
        self.squeeze = nn.Conv2d(n_in, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)
        self.after = after
        _initialise(self)

    def forward(self, maps: Tensor) -> Tensor:
        """(n, n_in, h, w) -> (n, 2 * expanded, h, w), smaller where a pool comes first, (n, 512) after the last."""
        squeezed = functional.relu(self.squeeze(self.before(maps)), inplace=True)
        expanded = torch.cat([self.expand1x1(squeezed), self.expand3x3(squeezed)], dim=1)
        return self.after(functional.relu(expanded, inplace=True))  # type: ignore[no-any-return]


def _initialise(module: nn.Module) -> None:
    for layer in module.children():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
