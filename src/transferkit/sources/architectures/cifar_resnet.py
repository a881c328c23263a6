"""CIFAR ResNet: the small residual networks for 32x32 pictures. He et al. 2016, arXiv:1512.03385, section 4.2.

Shortcuts are the paper's option A: every second pixel, new channels filled with zeros, no parameters.
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

KEYS = {
    r"^conv1\.": "body.stem.convolution.",
    r"^bn1\.": "body.stem.norm.",
    r"^layer(\d)\.": r"body.stage\1.",
    r"^linear\.": "head.",
}
"""Names in the usual PyTorch checkpoints -> ours."""


def build(depth: int = 20, n_classes: int | None = None) -> Network:
    """A fresh ResNet of 6n + 2 layers (20, 32, 44, 56, 110): stem, stage1 to stage3; features (n, 64)."""
    if depth < 8 or (depth - 2) % 6:
        raise WrongUse(f"cifar_resnet has no depth {depth}; it has 6n + 2 layers, such as 20, 32, 44, 56 or 110")
    stages: dict[str, nn.Module] = {"stem": Stem(16)}
    n_in = 16
    for i, channels in enumerate((16, 32, 64), start=1):
        stage = nn.Sequential()
        for _ in range((depth - 2) // 6):
            stage.append(BasicBlock(n_in, channels))
            n_in = channels
        stages[f"stage{i}"] = stage
    stages["stage3"].add_module("pool", GlobalPool())
    settings = {"depth": depth, "n_classes": n_classes}
    return Chain(Architecture.of("cifar_resnet", settings), stages, 64, n_classes)


def settings_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """The settings that weights of these shapes (under our names) were made with."""
    blocks = {name.split(".")[2] for name in shapes if name.startswith("body.stage1.")}
    return {"depth": 6 * len(blocks) + 2, "n_classes": shapes.get("head.weight", (None,))[0]}


def processor(settings: Mapping[str, Any], size: int | None = None) -> dict[str, Any]:
    """Small pictures with ImageNet's colour statistics, as the usual checkpoints were trained."""
    return {
        "kind": "image",
        "size": [size or 32] * 2,
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
        "resize": "stretch",
        "crop_share": 1.0,
        "interpolation": "bilinear",
    }


@final
class Stem(nn.Module):
    """One convolution at full size."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.kaiming_normal_(self.convolution.weight)

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, 3, h, w) -> (n, channels, h, w)."""
        return functional.relu(self.norm(self.convolution(pictures)))


@final
class BasicBlock(nn.Module):
    """Two convolutions beside a shortcut; half the size where the channels double."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.new_channels = n_out - n_in
        stride = 2 if self.new_channels else 1
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        for convolution in (self.conv1, self.conv2):
            nn.init.kaiming_normal_(convolution.weight)

    def forward(self, maps: Tensor) -> Tensor:
        """(n, n_in, h, w) -> (n, n_out, h / stride, w / stride)."""
        shortcut = maps
        if self.new_channels:
            before = self.new_channels // 2
            shortcut = functional.pad(maps[:, :, ::2, ::2], (0, 0, 0, 0, before, self.new_channels - before))
        outputs = functional.relu(self.bn1(self.conv1(maps)))
        return functional.relu(shortcut + self.bn2(self.conv2(outputs)))
