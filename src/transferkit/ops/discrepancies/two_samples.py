"""Two samples: what every discrepancy asks of its input, checked once at its door."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def two_samples(x: Tensor, y: Tensor, *, least: int = 2) -> None:
    """Refuse what is not x (n, d) and y (m, d), n and m at least `least`, of one floating type; ValueError says why."""
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1] or not x.shape[1]:
        raise ValueError(
            f"x is {tuple(x.shape)} and y {tuple(y.shape)}; expected (n, d) and (m, d) of the same width d"
        )
    if min(len(x), len(y)) < least:
        raise ValueError(f"x holds {len(x)} items and y {len(y)}; at least {least} of each are needed")
    if not x.is_floating_point() or x.dtype != y.dtype:
        raise ValueError(f"x is {x.dtype} and y {y.dtype}; expected one floating type")


def all_finite(x: Tensor, y: Tensor) -> None:
    """Refuse values that are not finite; ValueError says in which sample and row the first is."""
    for name, sample in (("x", x), ("y", y)):
        rows = ~torch.isfinite(sample).all(dim=1)
        if rows.any():
            raise ValueError(f"{name} holds a value that is not finite (row {int(rows.nonzero()[0, 0])})")


def finite_result(result: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The result itself where it is finite: cheaper than to look through the samples first. Else ValueError says why."""
    if not math.isfinite(float(result.detach())):
        all_finite(x, y)
        raise ValueError("values of x or y are too large: their squared distances overflow")
    return result


def shares(weights: Tensor | None, sample: Tensor) -> Tensor:
    """(n,) item weights scaled to sum 1, in the precision that distances are computed in; all alike where None."""
    n, dtype = len(sample), working_dtype(sample)
    if weights is None:
        return torch.full((n,), 1 / n, dtype=dtype, device=sample.device)
    weights = weights.detach().to(sample.device, dtype)
    total = float(weights.sum()) if weights.shape == (n,) else math.nan
    if not (math.isfinite(total) and total > 0 and bool((weights >= 0).all())):
        raise ValueError(f"weights must be {n} numbers, one an item, none negative and not all 0")
    return weights / total


def working_dtype(sample: Tensor) -> torch.dtype:
    """float64 stays; half precision is worked on in float32."""
    return torch.float64 if sample.dtype == torch.float64 else torch.float32
