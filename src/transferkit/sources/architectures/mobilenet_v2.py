"""MobileNet V2: inverted residuals with linear bottlenecks. Sandler et al. 2018, arXiv:1801.04381, Table 2.

The form checkpoints for inference have: BatchNorm folded into the convolutions, TensorFlow padding.
"""

from __future__ import annotations

from typing import cast, final

from torch import Tensor, nn

from transferkit.core.architecture import Architecture
from transferkit.core.network import Network
from transferkit.sources.architectures import mobilenet_v1
from transferkit.sources.architectures._chain import Chain, GlobalPool
from transferkit.sources.architectures._folded_convolution import FoldedConvolution, scaled

_ROWS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Expansion, channels, repeats, stride of the first repeat."""

KEYS = {
    r"^Conv\.": "body.stem.",
    r"^expanded_conv\.": "body.block0.",
    r"^expanded_conv_(\d+)\.": r"body.block\1.",
    r"^Conv_1\.": "body.top.convolution.",
    r"^Logits\.": "head.",
}
"""Names in TensorFlow-slim checkpoints -> ours."""

settings_of = mobilenet_v1.settings_of
from_scratch = mobilenet_v1.from_scratch
processor = mobilenet_v1.processor


def build(width: float = 1.0, n_classes: int | None = None, normalised: bool = False) -> Network:
    """A fresh MobileNet V2: stem, block0 to block16, top; features (n, 1280 * max(width, 1)). `normalised`: as in V1."""
    n_in = scaled(32, width)
    stages: dict[str, nn.Module] = {"stem": FoldedConvolution(3, n_in, 3, normalised=normalised, stride=2)}
    for expansion, channels, repeats, first_stride in _ROWS:
        for repeat in range(repeats):
            n_out = scaled(channels, width)
            stride = first_stride if repeat == 0 else 1
            stages[f"block{len(stages) - 1}"] = InvertedResidual(n_in, n_out, expansion, stride, normalised)
            n_in = n_out
    feature_dim = scaled(1280, max(width, 1.0))
    stages["top"] = nn.Sequential()
    stages["top"].add_module("convolution", FoldedConvolution(n_in, feature_dim, 1, normalised=normalised))
    stages["top"].add_module("pool", GlobalPool())
    settings = {"width": width, "n_classes": n_classes, "normalised": normalised}
    return Chain(Architecture.of("mobilenet_v2", settings), stages, feature_dim, n_classes)


@final
class InvertedResidual(nn.Module):
    """Widen, filter each channel, narrow without an activation; added to the input where the shapes agree."""

    def __init__(self, n_in: int, n_out: int, expansion: int, stride: int, normalised: bool) -> None:
        super().__init__()
        hidden = n_in * expansion
        self.expand = FoldedConvolution(n_in, hidden, 1, normalised=normalised) if expansion > 1 else None
        self.depthwise = FoldedConvolution(hidden, hidden, 3, normalised=normalised, stride=stride, groups=hidden)
        self.project = FoldedConvolution(hidden, n_out, 1, normalised=normalised, linear=True)
        self.residual = stride == 1 and n_in == n_out

    def forward(self, inputs: Tensor) -> Tensor:
        """(n, n_in, h, w) -> (n, n_out, ceil(h / stride), ceil(w / stride))."""
        hidden = inputs if self.expand is None else self.expand(inputs)
        outputs = cast(Tensor, self.project(self.depthwise(hidden)))
        return inputs + outputs if self.residual else outputs
