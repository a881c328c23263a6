"""MobileNet V1: depthwise and pointwise convolutions in turn. Howard et al. 2017, arXiv:1704.04861, Table 1.

The form checkpoints for inference have: BatchNorm folded into the convolutions, TensorFlow padding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from transferkit.core.architecture import Architecture
from transferkit.core.network import Network
from transferkit.sources.architectures._chain import Chain, GlobalPool
from transferkit.sources.architectures._folded_convolution import FoldedConvolution, scaled

_CHANNELS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)

KEYS = {
    r"^Conv2d_0\.": "body.stem.",
    r"^Conv2d_(\d+)_(depthwise|pointwise)\.": r"body.block\1.\2.",
    r"^Logits\.": "head.",
}
"""Names in TensorFlow-slim checkpoints -> ours."""


def build(width: float = 1.0, n_classes: int | None = None, normalised: bool = False) -> Network:
    """A fresh MobileNet V1: stem, block1 to block13; features (n, 1024 * width).

    `normalised`: BatchNorm is there, for training from scratch; weights for inference have it folded in.
    """
    n_in = scaled(32, width)
    stages: dict[str, nn.Module] = {"stem": FoldedConvolution(3, n_in, 3, normalised=normalised, stride=2)}
    for i, (channels, stride) in enumerate(zip(_CHANNELS, _STRIDES, strict=True), start=1):
        n_out = scaled(channels, width)
        block = nn.Sequential()
        depthwise = FoldedConvolution(n_in, n_in, 3, normalised=normalised, stride=stride, groups=n_in)
        block.add_module("depthwise", depthwise)
        block.add_module("pointwise", FoldedConvolution(n_in, n_out, 1, normalised=normalised))
        stages[f"block{i}"] = block
        n_in = n_out
    stages["block13"].add_module("pool", GlobalPool())
    settings = {"width": width, "n_classes": n_classes, "normalised": normalised}
    return Chain(Architecture.of("mobilenet_v1", settings), stages, n_in, n_classes)


def settings_of(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Any]:
    """The settings that weights of these shapes (under our names) were made with."""
    return {"width": shapes["body.stem.weight"][0] / 32, "n_classes": shapes.get("head.weight", (None,))[0]}


def from_scratch(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings to train a fresh network with: BatchNorm back in, as the paper trains it."""
    return {**settings, "normalised": True}


def processor(settings: Mapping[str, Any], size: int | None = None) -> dict[str, Any]:
    """The pictures these weights were trained on: RGB from -1 to 1, the middle 0.88 of the picture."""
    return {
        "kind": "image",
        "size": [size or 224] * 2,
        "mean": [128 / 255] * 3,
        "std": [128 / 255] * 3,
        "resize": "shorter_side",
        "crop_share": 0.88,
        "interpolation": "bilinear",
    }
