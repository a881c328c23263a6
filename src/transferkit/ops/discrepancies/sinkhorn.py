"""Sinkhorn divergence: the transport cost of two samples, smoothed so that it has a gradient, less what smoothing adds.

    S = T(x, y) - T(x, x) / 2 - T(y, y) / 2,    T(x, y) = min over plans P of sum_ij P_ij |x_i - y_j|^2 + epsilon KL(P | a b^T)

with a and b the items' weights and the marginals of P. Genevay, Peyré & Cuturi 2018, arXiv:1706.00292; Feydy et al. 2019,
arXiv:1810.08278: S is never negative and 0 only where the samples agree, tends to the Wasserstein distance for a small epsilon
and to the MMD under the kernel -d^2 / 2 for a large one. Plans are POT's (its Sinkhorn steps in the log domain), in rounds of
a few steps that go on from the potentials f, g of the one before: epsilon is lowered to its value over the first rounds, and
for a sample and itself f and g are set to their mean, which takes a few steps where plain ones take thousands.

At the optimum the plan's own change does not matter (envelope theorem), so the gradient is that of sum P_ij |x_i - y_j|^2 with
P held: no step is recorded, and unlike POT's own value there is no (n, m) graph. Memory O(n m), time O(n m) a step.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from transferkit.ops.discrepancies.bandwidths import mean_square_distance
from transferkit.ops.discrepancies.kernels import squared_distances
from transferkit.ops.discrepancies.mmd import Weights
from transferkit.ops.discrepancies.two_samples import finite_result, shares, two_samples
from transferkit.ops.pot import pot

SHARE = 0.05
"""Of epsilon to the mean squared distance."""
TOLERANCE = 1e-4
"""Float32 reaches it, and the value is then off by its square."""
MOST_STEPS = 5000
ROUND = 10
"""Steps between two looks at the marginals."""


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
    Raises ValueError for samples as `mmd` refuses them, and where an epsilon is too small to converge; ImportError without
    POT, the extra [ot].

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
        plan, f, g = _plan(squared_distances(x, y), a, b, epsilon, tolerance, alike=x is y)
        # the dual, stationary in f and g, so that its error is the square of theirs
        value = a @ f + b @ g - epsilon * (plan.sum() - 1)
    # sum_ij P_ij |x_i - y_j|^2, without an (n, m) graph
    moved = plan.sum(dim=1) @ x.square().sum(dim=1) + plan.sum(dim=0) @ y.square().sum(dim=1)
    moved = moved - 2 * ((plan @ y) * x).sum()
    return moved + (value - moved.detach())


def _plan(
    costs: Tensor, a: Tensor, b: Tensor, epsilon: float, tolerance: float, *, alike: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """P (n, m) with row sums a and, to within the tolerance, column sums b; and its potentials f (n,) and g (m,).
    alike: the rows are the columns."""
    sinkhorn_steps = pot().bregman.sinkhorn_log

    def potential(scale: Tensor, log_weights: Tensor) -> Tensor:
        return torch.where(log_weights > -math.inf, smoothing * (scale - log_weights), 0.0)

    log_a, log_b, start = a.log(), b.log(), torch.zeros_like(a)
    smoothing, off = max(epsilon, float(costs.max())), math.inf
    taken, steps = 0, 1
    while taken < MOST_STEPS:
        scales = (start / smoothing + log_a, log_b)  # POT begins with the columns, whatever it is given for them
        plan, found = sinkhorn_steps(
            a, b, costs, smoothing, numItermax=steps, stopThr=0, warn=False, log=True, warmstart=scales
        )
        taken += steps
        f, g = potential(found["log_u"], log_a), potential(found["log_v"], log_b)
        if smoothing == epsilon:
            off = float((plan.sum(dim=0) - b).abs().sum())
            if off <= tolerance:
                return plan, f, g
            steps = 1 if alike else ROUND
        start = (f + g) / 2 if alike else f
        smoothing = max(epsilon, smoothing / 2)
    raise _too_little(off, epsilon)


def _too_little(off: float, epsilon: float) -> ValueError:
    return ValueError(
        f"the transport plan's marginals are still off by {off:.1e} after {MOST_STEPS} steps; "
        f"take an epsilon above {epsilon:g}, or a wider tolerance"
    )
