"""Keyword ResNet: res8, a small network that tells spoken words apart. Tang & Lin 2018, arXiv:1710.10361.

Takes the cepstra of one second, 40 numbers every hundredth of a second. Norms have no weights of their own; checkpoints
that were pruned or made to be (`scaled`) multiply the channels inside each block instead, after its first norm: there, and
nowhere else, do the statistics that the later norms remember agree with what passes through them.
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
from transferkit.sources.architectures._chain import Chain, GlobalPool

KEYS = {
    r"^conv0\.": "body.stem.convolution.",
    **{
        rule: name
        for i in (1, 2, 3)
        for rule, name in (
            (rf"^conv{2 * i - 1}\.", f"body.block{i}.convolution1."),
            (rf"^conv{2 * i}\.", f"body.block{i}.convolution2."),
            (rf"^bn{2 * i - 1}\.", f"body.block{i}.norm1."),
            (rf"^scale{2 * i - 1}\.", f"body.block{i}.scale1."),
            (rf"^bn{2 * i}\.", f"body.block{i + 1}.norm0." if i < 3 else "body.block3.after.0."),
        )
    },
    r"^output\.": "head.",
}
"""Names in Honk's checkpoints -> ours; the norm behind a block is ours to the next one, because its shortcut goes round it."""


def build(channels: int = 45, scaled: bool = False, n_classes: int | None = None) -> Network:
    """A fresh res8 (19 channels: res8-narrow): stem, block1 to block3; features (n, channels)."""
    if channels < 1:
        raise WrongUse(f"keyword_resnet has no {channels} channels; res8 has 45 and res8-narrow 19")
    stages: dict[str, nn.Module] = {"stem": Stem(channels)}
    for i in (1, 2, 3):
        stages[f"block{i}"] = Block(channels, first=i == 1, last=i == 3, scaled=scaled)
    settings = {"channels": channels, "scaled": scaled, "n_classes": n_classes}
    return Chain(Architecture.of("keyword_resnet", settings), stages, channels, n_classes)


def settings_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """The settings that weights of these shapes (under our names) were made with."""
    return {
        "channels": shapes["body.stem.convolution.weight"][0],
        "scaled": "body.block1.scale1.scale" in shapes,
        "n_classes": shapes.get("head.weight", (None,))[0],
    }


def from_scratch(settings: dict[str, Any]) -> dict[str, Any]:
    """The paper's network has no scales."""
    return {**settings, "scaled": False}


def processor(settings: Mapping[str, Any], size: int | None = None) -> dict[str, Any]:
    """One second at 16 kHz as 101 frames of 40 cepstra; `size` is for pictures and counts for nothing here."""
    return {
        "kind": "spectrogram",
        "rate": 16000,
        "seconds": 1.0,
        "n_fft": 480,
        "window": 480,
        "hop": 160,
        "n_mels": 40,
        "low": 20.0,
        "high": 4000.0,
        "decibels": None,
        "n_cepstra": 40,
        "scaling": "none",
    }


@final
class Stem(nn.Module):
    """One convolution, then the mean of every 4 frames by 3 cepstra."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, channels, 3, padding=1, bias=False)
        nn.init.kaiming_normal_(self.convolution.weight, nonlinearity="relu")

    def forward(self, cepstra: Tensor) -> Tensor:
        """(n, 1, n_cepstra, n_frames) -> (n, channels, n_frames / 4, n_cepstra / 3)."""
        return functional.avg_pool2d(functional.relu(self.convolution(cepstra.transpose(2, 3))), (4, 3))


@final
class Block(nn.Module):
    """Two convolutions beside a shortcut that goes round the norm before them too."""

    def __init__(self, channels: int, first: bool, last: bool, scaled: bool) -> None:
        super().__init__()
        self.norm0 = nn.Identity() if first else nn.BatchNorm2d(channels, affine=False)
        self.convolution1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels, affine=False)
        self.scale1 = Scale(channels) if scaled else nn.Identity()
        self.convolution2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.after = nn.Sequential(nn.BatchNorm2d(channels, affine=False), GlobalPool()) if last else nn.Identity()
        for convolution in (self.convolution1, self.convolution2):
            nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")

    def forward(self, maps: Tensor) -> Tensor:
        """(n, channels, h, w) -> the same, or (n, channels) after the last block."""
        inside = self.scale1(self.norm1(functional.relu(self.convolution1(self.norm0(maps)))))
        return self.after(maps + functional.relu(self.convolution2(inside)))  # type: ignore[no-any-return]


@final
class Scale(nn.Module):
    """One factor a channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels))

    def forward(self, maps: Tensor) -> Tensor:
        """(n, channels, h, w) -> the same."""
        return maps * self.scale[:, None, None]
