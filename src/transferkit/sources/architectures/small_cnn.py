"""Small CNN: a residual network for 32x32 pictures that a laptop's processor trains in seconds. Ours; the zoo uses it.

After He et al. 2016 (arXiv:1512.03385), with three changes: the stem halves the picture at once, so that most of the
work is done on 16x16 and smaller maps; shortcuts average before they project, so that no pixel is thrown away (He et
al. 2019, arXiv:1812.01187, ResNet-D); each block starts as its shortcut (the last norm's scale is 0), which lets a few
pictures train it from scratch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

from torch import Tensor, nn
from torch.nn import functional

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.network import Network
from transferkit.sources.architectures._chain import Chain, GlobalPool


def build(width: int = 32, n_classes: int | None = None) -> Network:
    """A fresh network: stem, stage1 to stage3; features (n, 4 * width)."""
    if width < 1:
        raise WrongUse(f"small_cnn has no width {width}; it is the number of channels of the stem, such as 32")
    stages = {
        "stem": Stem(width),
        "stage1": nn.Sequential(Block(width, width, stride=1)),
        "stage2": nn.Sequential(Block(width, 2 * width, stride=2)),
        "stage3": nn.Sequential(Block(2 * width, 4 * width, stride=2), GlobalPool()),
    }
    return Chain(Architecture.of("small_cnn", {"width": width, "n_classes": n_classes}), stages, 4 * width, n_classes)


def settings_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """The settings that weights of these shapes were made with."""
    return {
        "width": shapes["body.stem.convolution.weight"][0],
        "n_classes": shapes.get("head.weight", (None,))[0],
    }


def processor(settings: Mapping[str, Any], size: int | None = None) -> dict[str, Any]:
    """32x32 pictures, each channel from -1 to 1."""
    return {
        "kind": "image",
        "size": [size or 32] * 2,
        "mean": [0.5, 0.5, 0.5],
        "std": [0.5, 0.5, 0.5],
        "resize": "stretch",
        "crop_share": 1.0,
        "interpolation": "bilinear",
    }


@final
class Stem(nn.Module):
    """One 5x5 convolution that halves the picture."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, channels, 5, stride=2, padding=2, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.kaiming_normal_(self.convolution.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, 3, h, w) -> (n, channels, h / 2, w / 2)."""
        return functional.relu(self.norm(self.convolution(pictures)))


@final
class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.convolution1 = nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(n_out)
        self.convolution2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(n_out)
        self.shortcut = nn.Sequential()
        if stride > 1:
            self.shortcut.append(nn.AvgPool2d(stride, ceil_mode=True))
        if stride > 1 or n_in != n_out:
            self.shortcut.append(nn.Conv2d(n_in, n_out, 1, bias=False))
            self.shortcut.append(nn.BatchNorm2d(n_out))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(self.norm2.weight)

    def forward(self, maps: Tensor) -> Tensor:
        """(n, n_in, h, w) -> (n, n_out, h / stride, w / stride)."""
        inside = functional.relu(self.norm1(self.convolution1(maps)))
        return functional.relu(self.shortcut(maps) + self.norm2(self.convolution2(inside)))
