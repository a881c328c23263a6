"""Sliced Wasserstein: the transport cost of two samples seen along random lines, averaged over the lines.

    SW_p^p = mean over directions u of  integral over q in 0..1 of |F_x^-1(q) - F_y^-1(q)|^p

with F_x the distribution of u.x, and F_y that of u.y. Bonneel, Rabin, Peyré & Pfister 2015, Journal of Mathematical Imaging and
Vision 51; on a line the best transport is in order, so sorting solves it. The p-th power is given, not its root, for the root
has no gradient where the samples agree. Samples of different size meet at each other's quantiles, exactly. Cost O(k (n + m)
(d + log(n + m))) for k directions.
"""

from __future__ import annotations

import torch
from torch import Tensor

from transferkit.ops.discrepancies.two_samples import finite_result, two_samples, working_dtype


def sliced_wasserstein(
    x: Tensor,
    y: Tensor,
    *,
    directions: int | Tensor = 64,
    power: float = 2.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """SW_p^p of x (n, d) and y (m, d), a scalar with its gradient; never negative, 0 where the samples are alike.

    directions: how many are drawn, or the unit vectors (d, k) themselves. generator: draws them, on the processor; None draws
    the same ones each time, which is right for a measurement, whereas training should see new ones every step.
    Raises ValueError for samples of different width, of fewer than 2 items or with values that are not finite.

    >>> x = torch.tensor([[0.0], [1.0]])
    >>> float(sliced_wasserstein(x, x)), float(sliced_wasserstein(x, x + 3)), float(sliced_wasserstein(x, x + 3, power=1))
    (0.0, 9.0, 3.0)
    """
    two_samples(x, y)
    if not power >= 1:
        raise ValueError(f"power {power} must be at least 1")
    dtype = working_dtype(x)
    if isinstance(directions, int):
        directions = random_directions(x.shape[1], directions, generator)
    elif directions.ndim != 2 or len(directions) != x.shape[1]:
        raise ValueError(f"directions are {tuple(directions.shape)}; expected ({x.shape[1]}, k)")
    directions = directions.to(x.device, dtype)
    with torch.autocast(x.device.type, enabled=False):
        along_x = (x.to(dtype) @ directions).sort(dim=0).values  # (n, k)
        along_y = (y.to(dtype) @ directions).sort(dim=0).values  # (m, k)
        rows_x, rows_y, widths = _common_quantiles(len(x), len(y), x.device)
        apart = (along_x - along_y) if rows_x is None else (along_x[rows_x] - along_y[rows_y])
        cost = apart.square() if power == 2 else apart.abs().pow(power)
        total = cost.mean() if widths is None else (widths.to(dtype) @ cost).mean()
        return finite_result(total.to(x.dtype), x, y)


def random_directions(d: int, k: int, generator: torch.Generator | None = None) -> Tensor:
    """(d, k) unit vectors, drawn evenly over the sphere."""
    if k < 1:
        raise ValueError(f"{k} directions; expected at least 1")
    drawn = torch.randn(d, k, dtype=torch.float64, generator=generator or torch.Generator().manual_seed(0))
    unit: Tensor = drawn / torch.linalg.vector_norm(drawn, dim=0)
    return unit


def _common_quantiles(n: int, m: int, device: torch.device) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """The item of x and of y on each piece between neighbouring quantiles, and the pieces' widths; None where n = m.

    In whole numbers: quantile i / n of x is at i m, j / m of y at j n, of n m.
    """
    if n == m:
        return None, None, None
    ends = torch.cat([torch.arange(1, n + 1, device=device) * m, torch.arange(1, m + 1, device=device) * n])
    ends = torch.unique_consecutive(ends.sort().values)
    widths = torch.diff(ends, prepend=ends.new_zeros(1)).double() / (n * m)
    return (ends - 1) // m, (ends - 1) // n, widths
