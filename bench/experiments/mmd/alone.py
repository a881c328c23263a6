"""One MMD, forwards and backwards, of two samples of N items and D columns: `alone.py N D`; prints JSON.

How far the process grew at its peak over what it was with the two samples in it, the gradients counted as growth. The gradient
to a few items is compared with a sum in float64 over their pairs with all others.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import psutil
import torch

from transferkit.ops.discrepancies.bandwidths import mean_bandwidths
from transferkit.ops.discrepancies.mmd import mmd

ROWS = 5


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def gradient(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """(ROWS, d) of the unbiased MMD to the first items of x, in float64, pair by pair."""
    widths, n, m = mean_bandwidths(x, y), len(x), len(y)
    own, found = x[:ROWS].double(), []
    for item in own:
        total = torch.zeros_like(item)
        for sample, factor in ((x, 2 / (n * (n - 1))), (y, -2 / (n * m))):
            apart = item - sample.double()  # (n, d)
            squares = apart.square().sum(dim=1)
            steepness = sum(torch.exp(-squares / (2 * width**2)) / width**2 for width in widths)
            total -= factor * (steepness[:, None] * apart).sum(dim=0)
        found.append(total)
    return torch.stack(found)


def main() -> None:
    n, d = int(sys.argv[1]), int(sys.argv[2])
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(n, d, generator=draw).requires_grad_()
    y = torch.randn(n, d, generator=draw).mul_(1.2).add_(0.3).requires_grad_()
    mmd(x[:8], y[:8]).backward()  # type: ignore[no-untyped-call]
    x.grad = y.grad = None
    before, spent = psutil.Process().memory_info().rss, time.process_time()
    value = mmd(x, y)
    value.backward()  # type: ignore[no-untyped-call]
    grown, spent = peak_bytes() - before, time.process_time() - spent
    assert x.grad is not None
    right = gradient(x.detach(), y.detach())
    print(
        json.dumps(
            {
                "value": float(value.detach()),
                "grown_bytes": grown,
                "input_bytes": 2 * 4 * n * d,
                "processor_seconds": spent,
                "threads": torch.get_num_threads(),
                "difference": float((x.grad[:ROWS] - right).abs().max() / right.abs().max()),
            }
        )
    )


if __name__ == "__main__":
    main()
