"""FoldedConvolution: a convolution with its BatchNorm folded in and TensorFlow's padding, as the MobileNets use it.

Howard et al. 2017 (arXiv:1704.04861) and Sandler et al. 2018 (arXiv:1801.04381) train convolution, BatchNorm, ReLU6;
checkpoints made for inference fold the BatchNorm into the convolution, which then has a bias. Trained from scratch without
it such a deep network learns badly, so a fresh one may have it back (`normalised`). TensorFlow pads "SAME":
with stride 2 an even height gets its one extra row below, not above, so PyTorch's symmetric padding would read every
picture one pixel off.
"""

from __future__ import annotations

from typing import final

from torch import Tensor, nn
from torch.nn import functional


@final
class FoldedConvolution(nn.Conv2d):
    """Convolution, with `normalised` BatchNorm, then ReLU6 unless `linear`."""

    def __init__(
        self,
        n_in: int,
        n_out: int,
        kernel: int,
        *,
        normalised: bool,
        stride: int = 1,
        groups: int = 1,
        linear: bool = False,
    ) -> None:
        # With stride 1 the two paddings agree, so PyTorch may pad inside its kernel, which costs no copy.
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(n_in, n_out, kernel, stride, padding, groups=groups, bias=not normalised)
        self.linear = linear
        self.norm = nn.BatchNorm2d(n_out) if normalised else nn.Identity()
        nn.init.kaiming_normal_(self.weight, nonlinearity="linear" if linear else "relu")
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """(n, n_in, h, w) -> (n, n_out, ceil(h / stride), ceil(w / stride))."""
        if self.stride[0] > 1:
            (above, below), (left, right) = (self._same(side) for side in input.shape[-2:])
            input = functional.pad(input, (left, right, above, below))
        output = self.norm(super().forward(input))
        return output if self.linear else functional.relu6(output, inplace=True)

    def _same(self, side: int) -> tuple[int, int]:
        """TensorFlow's SAME padding of one side: the odd pixel goes to the end."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
        return total // 2, total - total // 2


def scaled(channels: int, width: float) -> int:
    """Channels times the width multiplier, rounded to a multiple of 8 and never down by more than a tenth.

    >>> scaled(32, 1.0), scaled(32, 0.25), scaled(24, 0.35)
    (32, 8, 8)
    """
    rounded = max(8, int(channels * width + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels * width else rounded
