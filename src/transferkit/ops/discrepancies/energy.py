"""Energy distance: twice the mean distance across two samples, less the mean distance within each.

    E = 2 E|x - y| - E|x - x'| - E|y - y'|

Székely & Rizzo 2013, Journal of Statistical Planning and Inference 143; the MMD under k = -|x - y| (Sejdinovic et al. 2013,
arXiv:1207.6076), so it has no width to choose, and it is as tiled. Its unit is the features', its root is a metric. In one
dimension it is 2 (integral of (F - G)^2), the square of what `scipy.stats.energy_distance` gives.
"""

from __future__ import annotations

from torch import Tensor

from transferkit.ops.discrepancies.kernels import NegativeDistance
from transferkit.ops.discrepancies.mmd import Estimator, Weights, checked_estimator, kernel_discrepancy
from transferkit.ops.discrepancies.two_samples import two_samples


def energy(x: Tensor, y: Tensor, *, estimator: Estimator = "biased", weights: Weights = (None, None)) -> Tensor:
    """Energy distance of x (n, d) and y (m, d), a scalar with its exact gradient, 0 where two items coincide.

    estimator: `biased` counts each item's distance of 0 to itself, is never negative and 0 for samples that are alike;
    `unbiased` leaves it out; `linear` is O(n d). weights and errors: as `mmd` has them.

    >>> import torch
    >>> x = torch.tensor([[0.0], [1.0]])
    >>> float(energy(x, x)), float(energy(x, x + 3))
    (0.0, 5.0)
    """
    two_samples(x, y)
    return kernel_discrepancy([(x, y)], [NegativeDistance()], checked_estimator(estimator, weights), weights)
