"""Fused sums: V and its gradient as `kernel_sums.py` has them, by the two kernels of `fused_tiles.py`, on a GPU.

Taken for one layer of float32 or bfloat16 states on a CUDA device, a Gaussian family whose widths differ by powers of two (the
default; any single width), and where Triton can be imported; all else is tiled, which stays the reference.

These kernels were proven in Triton's interpreter and compiled for NVIDIA GPUs, not yet run on one. So none is believed
unseen: on a device the first use of each kernel compares it with the tiled sum in float64 on some hundred items, at the price
of some seconds of compiling; where value or gradient are further apart than `TOLERANCE`, or it does not compile, a warning says
so once and what it would have served stays tiled.

Memory beyond samples and gradients is O(processors BLOCK d): where there are fewer blocks of items than processors the blocks
a row is compared with are dealt out over several programs, each with a gradient of its own.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import warnings
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from transferkit.ops.discrepancies.bandwidths import mean_bandwidths
from transferkit.ops.discrepancies.kernels import Gaussian, Kernel, squarings

TRITON = find_spec("triton") is not None
DEVICES = ("cuda",)
DTYPES = (torch.float32, torch.bfloat16)
TOLERANCE = 1e-4
"""Of the value, relative; of the gradients, relative to their largest entry."""
FEW, SMALL_BLOCK, LARGE_BLOCK = 2048, 32, 64
"""Up to FEW items blocks are small, so that there are programs for every processor."""
SUM_WIDTH, PULL_WIDTH = 32, 16
"""Columns at a time: the most with which a program spills next to no registers, as compiled for sm_90."""
CHECKED = ((160, 128, 96), (149, 131, 70))
"""Sizes (n, m, d) of the first use: one that a compiler can divide evenly, and one that it cannot."""
PROGRAMS = 1024
"""Most programs that tiles of the sum are dealt out to."""

Reference = Callable[[Tensor, Tensor, Kernel, Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]
"""V and its gradients to x and y: what the fused sum must agree with."""


def serves(x: Tensor, y: Tensor, kernel: Kernel, reference: Reference) -> bool:
    """Whether the fused sum is there for such samples, and agrees with the reference on their device."""
    if x.device.type not in DEVICES or x.dtype not in DTYPES or not TRITON:
        return False
    members = _members(kernel)
    return bool(members) and _trusted(x.device, x.dtype, _block(len(x) + len(y)), members, reference)


def fused_sum(x: Tensor, y: Tensor, kernel: Kernel, left: Tensor, right: Tensor) -> Tensor:
    """V, a float32 scalar with its exact gradient to x (n, d) and y (m, d); left, right: (n + m, r) float32, constants."""
    if torch.is_grad_enabled() and (x.requires_grad or y.requires_grad):
        result: Tensor = _FusedSum.apply(kernel, left, right, x, y)  # type: ignore[no-untyped-call]
        return result
    with torch.no_grad():
        return Launch(x, y, kernel, left, right).total()


class _FusedSum(torch.autograd.Function):
    """V with its gradient; the gradient itself has none."""

    @staticmethod
    def forward(ctx: Any, kernel: Kernel, left: Tensor, right: Tensor, x: Tensor, y: Tensor) -> Tensor:
        ctx.kernel = kernel
        ctx.save_for_backward(left, right, x, y)
        return Launch(x, y, kernel, left, right).total()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        left, right, x, y = ctx.saved_tensors
        of_x, of_y = Launch(x, y, ctx.kernel, left, right).gradients(grad)
        wanted = ctx.needs_input_grad[3:]
        return None, None, None, of_x.to(x.dtype) if wanted[0] else None, of_y.to(y.dtype) if wanted[1] else None


class Launch:
    """The kernels with what both are given."""

    def __init__(
        self, x: Tensor, y: Tensor, kernel: Kernel, left: Tensor, right: Tensor, block: int | None = None
    ) -> None:
        x, y = (sample if sample.stride(1) == 1 else sample.contiguous() for sample in (x, y))
        left, right = left.contiguous(), right.contiguous()
        self.shape = n, m, d = len(x), len(y), x.shape[1]
        self.block = block or _block(n + m)
        centre = (x.sum(dim=0, dtype=torch.float32) + y.sum(dim=0, dtype=torch.float32)) / (n + m)
        x_blocks = -(-n // self.block)
        self.blocks = x_blocks - (-m // self.block)
        self.samples = (x, y, centre, left, right)
        rate = min(_rates(kernel))
        self.sizes = (rate, n, m, d, left.shape[1], x.stride(0), y.stride(0), x_blocks, self.blocks)
        members = _members(kernel)
        self.settings = {"SQUARINGS": members.bit_length() - 1, "MEMBERS": members, "BLOCK": self.block}
        self.settings |= {"num_warps": self.block // 8, "enable_fp_fusion": True}

    def total(self) -> Tensor:
        """V alone."""
        from transferkit.ops.discrepancies.fused_tiles import sum_over_pairs

        x = self.samples[0]
        n_programs = min(self.blocks * (self.blocks + 1) // 2, PROGRAMS)
        sums = torch.empty(n_programs, dtype=torch.float64, device=x.device)
        with _current(x.device):
            sum_over_pairs[(n_programs,)](*self.samples, sums, *self.sizes, WIDTH=SUM_WIDTH, **self.settings)
        return sums.sum().float()

    def gradients(self, grad: Tensor) -> tuple[Tensor, Tensor]:
        """grad dV/dx (n, d) and grad dV/dy (m, d) in float32."""
        from transferkit.ops.discrepancies.fused_tiles import pulls

        (n, m, d), device = self.shape, self.samples[0].device
        n_parts = min(self.blocks, -(-2 * _processors(device) // self.blocks))
        parts = torch.zeros((n_parts, n + m, d), dtype=torch.float32, device=device)
        with _current(device):
            pulls[(self.blocks, n_parts)](
                *self.samples, grad.float(), parts, *self.sizes, WIDTH=PULL_WIDTH, **self.settings
            )
        both = parts[0] if n_parts == 1 else parts.sum(dim=0)
        return both[:n], both[n:]


def _block(total: int) -> int:
    return SMALL_BLOCK if total <= FEW else LARGE_BLOCK


def _rates(kernel: Kernel) -> list[float]:
    return [0.5 / bandwidth**2 for bandwidth in kernel.bandwidths] if isinstance(kernel, Gaussian) else []


def _members(kernel: Kernel) -> int:
    """Bit k: whether the least rate times 2^k is in the family; 0 for another kernel, or where one exponential falls short."""
    rates, members = sorted(_rates(kernel)), 1
    for last, rate in itertools.pairwise(rates):
        times = squarings(last, rate)
        if not times:  # a width of its own, or the same again
            return 0
        members |= 1 << (members.bit_length() - 1 + times)
    return members if rates else 0


def _processors(device: torch.device) -> int:
    """That programs run on side by side."""
    return int(torch.cuda.get_device_properties(device).multi_processor_count) if device.type == "cuda" else 1


def _current(device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Triton launches on the current device, whichever the tensors are on."""
    return torch.cuda.device(device) if device.type == "cuda" else contextlib.nullcontext()


@cache
def _trusted(device: torch.device, dtype: torch.dtype, block: int, members: int, reference: Reference) -> bool:
    """Whether these kernels agree with the reference there, on sizes that divide evenly and on some that do not."""
    try:
        with torch.inference_mode(False):
            apart = max(_apart(device, dtype, block, members, reference, sizes) for sizes in CHECKED)
        complaint = None if apart <= TOLERANCE else f"they are {apart:.1e} apart from the tiled sum"
    except Exception as reason:  # whatever a compiler may raise; it is told, and the tiled sum does the work
        complaint = f"{type(reason).__name__}: {' '.join(str(reason).split())[:300]}"
    if complaint:
        warnings.warn(f"fused MMD kernels are not used on {device}: {complaint}", RuntimeWarning, stacklevel=2)
    return complaint is None


def _apart(
    device: torch.device,
    dtype: torch.dtype,
    block: int,
    members: int,
    reference: Reference,
    sizes: tuple[int, int, int],
) -> float:
    """The largest relative difference of value and gradients on two clouds of these sizes (n, m, d)."""
    n, m, d = sizes
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(n, d, generator=draw).to(device, dtype)
    y = torch.randn(m, d, generator=draw).mul_(1.2).add_(0.3).to(device, dtype)
    left = torch.rand(n + m, 2, generator=draw).to(device) / n
    right = left.flip(1)
    powers = [k for k in range(members.bit_length()) if members >> k & 1]
    kernel = Gaussian(mean_bandwidths(x, y, factors=[4 / 2**k for k in powers]))
    launch = Launch(x, y, kernel, left, right, block)
    found = launch.total(), *launch.gradients(torch.ones((), device=device))
    expected = reference(x.double(), y.double(), kernel, left.double(), right.double())
    pairs = zip(found, expected, strict=True)
    worst = float(torch.stack([(one - other).abs().max() / other.abs().max() for one, other in pairs]).max())
    return worst if math.isfinite(worst) else math.inf
