"""Sinkhorn divergence: the transport cost of two samples, smoothed so that it has a gradient, less what smoothing adds.

    S = T(x, y) - T(x, x) / 2 - T(y, y) / 2,    T(x, y) = min over plans P of sum_ij P_ij |x_i - y_j|^2 + epsilon KL(P | a b^T)

with a and b the items' weights and the marginals of P. Genevay, Peyré & Cuturi 2018, arXiv:1706.00292; Feydy et al. 2019,
arXiv:1810.08278: S is never negative and 0 only where the samples agree, tends to the Wasserstein distance for a small epsilon
and to the MMD under the kernel -d^2 / 2 for a large one. Potentials f, g by alternating updates in the log domain,

    f_i = -epsilon log sum_j b_j exp((g_j - |x_i - y_j|^2) / epsilon),

epsilon being lowered to its value over the first ones. At the optimum the plan's own change does not matter (envelope theorem),
so the gradient is that of sum P_ij |x_i - y_j|^2 with P held: no step is recorded. Written here and not taken from POT, whose
gradient goes through all its steps; POT is what the tests compare with. Memory O(n m), time O(n m) a step beside one product.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from transferkit.ops.discrepancies.bandwidths import mean_square_distance
from transferkit.ops.discrepancies.kernels import squared_distances
from transferkit.ops.discrepancies.mmd import Weights
from transferkit.ops.discrepancies.two_samples import finite_result, shares, two_samples

SHARE = 0.05
"""Of epsilon to the mean squared distance."""
TOLERANCE = 1e-4
"""Float32 reaches it, and the value is then off by its square."""
MOST_STEPS = 5000


def sinkhorn(
    x: Tensor,
    y: Tensor,
    *,
    epsilon: float | None = None,
    weights: Weights = (None, None),
    tolerance: float = TOLERANCE,
) -> Tensor:
    """Sinkhorn divergence of x (n, d) and y (m, d), a scalar with its gradient to both, in squared units of the features.

    epsilon: the smoothing, in squared units; None takes a twentieth of the mean squared distance (which has no gradient).
    weights: (n,) of x and (m,) of y. tolerance: how far, in all, the plan's marginals may be off.
    Raises ValueError for samples as `mmd` refuses them, and where an epsilon is too small to converge.

    >>> x = torch.tensor([[0.0], [1.0]])
    >>> round(float(sinkhorn(x, x + 3)), 3), abs(float(sinkhorn(x, x))) < 1e-6
    (9.0, True)
    """
    two_samples(x, y)
    of_x, of_y = shares(weights[0], x), shares(weights[1], y)
    epsilon = _smoothing(x, y, epsilon)
    with torch.autocast(x.device.type, enabled=False):
        centre = torch.cat([x, y]).detach().to(of_x.dtype).mean(dim=0)  # moves nothing, keeps float32 exact
        x_apart, y_apart = x - centre, y - centre
        across = _transport(x_apart, y_apart, of_x, of_y, epsilon, tolerance)
        within = [_transport(one, one, own, own, epsilon, tolerance) for one, own in ((x_apart, of_x), (y_apart, of_y))]
        return finite_result((across - (within[0] + within[1]) / 2).to(x.dtype), x, y)


def entropic_transport(
    x: Tensor,
    y: Tensor,
    *,
    epsilon: float | None = None,
    weights: Weights = (None, None),
    tolerance: float = TOLERANCE,
) -> Tensor:
    """T(x, y) alone, which for samples that are alike is above 0."""
    two_samples(x, y)
    of_x, of_y = shares(weights[0], x), shares(weights[1], y)
    epsilon = _smoothing(x, y, epsilon)
    with torch.autocast(x.device.type, enabled=False):
        centre = torch.cat([x, y]).detach().to(of_x.dtype).mean(dim=0)
        return finite_result(_transport(x - centre, y - centre, of_x, of_y, epsilon, tolerance).to(x.dtype), x, y)


def _smoothing(x: Tensor, y: Tensor, epsilon: float | None) -> float:
    if epsilon is None:
        return SHARE * mean_square_distance(x, y) or 1.0
    if not 0 < epsilon < math.inf:
        raise ValueError(
            f"epsilon {epsilon} cannot be used; expected a number above 0, in squared units of the features"
        )
    mean_square_distance(x, y)  # refuses what is not finite
    return epsilon


def _transport(x: Tensor, y: Tensor, a: Tensor, b: Tensor, epsilon: float, tolerance: float) -> Tensor:
    """T of centred samples with weights a (n,) and b (m,)."""
    with torch.no_grad():
        costs = squared_distances(x, y)
        if x is y:
            f = g = _own_potential(costs, a, epsilon, tolerance)
        else:
            f, g = _potentials(costs, a, b, epsilon, tolerance)
        plan = torch.exp((f[:, None] + g - costs) / epsilon) * a[:, None] * b
        # the dual, stationary in f and g, so that its error is the square of theirs
        value = a @ f + b @ g - epsilon * (plan.sum() - 1)
    # sum_ij P_ij |x_i - y_j|^2, without an (n, m) graph
    moved = plan.sum(dim=1) @ x.square().sum(dim=1) + plan.sum(dim=0) @ y.square().sum(dim=1)
    moved = moved - 2 * ((plan @ y) * x).sum()
    return moved + (value - moved.detach())


def _potentials(costs: Tensor, a: Tensor, b: Tensor, epsilon: float, tolerance: float) -> tuple[Tensor, Tensor]:
    """f (n,) and g (m,) at which the plan's column sums are b, and its row sums a to within the tolerance."""

    def to_rows(g: Tensor) -> Tensor:
        return -smoothing * torch.logsumexp((g - costs) / smoothing + log_b, dim=1)

    def to_columns(f: Tensor) -> Tensor:
        return -smoothing * torch.logsumexp((f[:, None] - costs) / smoothing + log_a[:, None], dim=0)

    log_a, log_b = a.log(), b.log()
    f, g = torch.zeros_like(a), torch.zeros_like(b)
    smoothing, off = max(epsilon, float(costs.max())), math.inf
    for _ in range(MOST_STEPS):
        better = to_rows(g)
        if smoothing == epsilon:
            off = float((a * torch.expm1((f - better) / epsilon).abs()).sum())
            if off <= tolerance:
                return f, g
        f = better
        g = to_columns(f)
        smoothing = max(epsilon, smoothing / 2)
    raise _too_little(off, epsilon)


def _own_potential(costs: Tensor, a: Tensor, epsilon: float, tolerance: float) -> Tensor:
    """f (n,), of rows and columns alike, for a sample and itself: halfway updates, which converge in few steps."""
    log_a, f = a.log(), torch.zeros_like(a)
    smoothing, off = max(epsilon, float(costs.max())), math.inf
    for _ in range(MOST_STEPS):
        better = -smoothing * torch.logsumexp((f - costs) / smoothing + log_a, dim=1)
        if smoothing == epsilon:
            off = float((a * torch.expm1((f - better) / epsilon).abs()).sum())
            if off <= tolerance:
                return f
        f = (f + better) / 2
        smoothing = max(epsilon, smoothing / 2)
    raise _too_little(off, epsilon)


def _too_little(off: float, epsilon: float) -> ValueError:
    return ValueError(
        f"the transport plan's marginals are still off by {off:.1e} after {MOST_STEPS} steps; "
        f"take an epsilon above {epsilon:g}, or a wider tolerance"
    )
