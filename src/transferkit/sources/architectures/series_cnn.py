"""Series CNN: a small residual network over time, for windows of any number of channels. Ours.

After the residual network of Wang, Yan & Oates 2017 (arXiv:1611.06455), a strong baseline on time series: three stages of
convolutions of widths 7 and 3, each twice as wide as the one before. Group norm in place of batch norm, so that a handful of
windows trains it. The features are the mean over time beside the last moment, for the label of a window is that of its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.network import Network
from transferkit.sources.architectures._chain import Chain

GROUPS = 8


def build(channels: int, width: int = 32, n_classes: int | None = None) -> Network:
    """A fresh network: stage1 to stage3; features (n, 8 * width). `width` is a multiple of 8."""
    if channels < 1 or width < GROUPS or width % GROUPS:
        raise WrongUse(
            f"series_cnn with {channels} channels and width {width} cannot be built; width is a multiple of {GROUPS}"
        )
    stages = {
        "stage1": Block(channels, width),
        "stage2": Block(width, 2 * width),
        "stage3": nn.Sequential(Block(2 * width, 4 * width), MeanAndLast()),
    }
    settings = {"channels": channels, "width": width, "n_classes": n_classes}
    network = Chain(Architecture.of("series_cnn", settings), stages, 8 * width, n_classes)
    network.sequence_channels = 1
    return network


def settings_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """The settings that weights of these shapes were made with."""
    width, channels, _ = shapes["body.stage1.convolution1.weight"]
    return {"channels": channels, "width": width, "n_classes": shapes.get("head.weight", (None,))[0]}


@final
class Block(nn.Module):
    """Two convolutions over time beside a shortcut."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        self.convolution1 = nn.Conv1d(n_in, n_out, 7, padding=3, bias=False)
        self.norm1 = nn.GroupNorm(GROUPS, n_out)
        self.convolution2 = nn.Conv1d(n_out, n_out, 3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(GROUPS, n_out)
        self.shortcut = nn.Conv1d(n_in, n_out, 1, bias=False)
        for module in self.modules():
            if isinstance(module, nn.Conv1d):
                nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")

    def forward(self, series: Tensor) -> Tensor:
        """(n, n_in, length) -> (n, n_out, length)."""
        inside = functional.relu(self.norm1(self.convolution1(series)))
        return functional.relu(self.shortcut(series) + self.norm2(self.convolution2(inside)))


@final
class MeanAndLast(nn.Module):
    """(n, c, length) -> (n, 2 c): the mean over time, then the last moment."""

    def forward(self, series: Tensor) -> Tensor:
        """(n, c, length) -> (n, 2 c)."""
        return torch.cat([series.mean(-1), series[..., -1]], dim=1)
