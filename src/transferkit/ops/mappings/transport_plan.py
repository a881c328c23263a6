"""Transport plan: which row of one cloud goes to which of another, at the least cost of a table of costs.

    minimise over P (n, m) with rows summing to 1/n and columns to 1/m:  sum_ij P_ij C_ij - epsilon H(P)

Sinkhorn's steps in the log domain (Cuturi 2013, arXiv:1306.0895), epsilon lowered from the costs' mean to its value,
by half a time. `ops/discrepancies/sinkhorn.py` gives the cost of two samples; here the costs are free, so that labels
may forbid a pair.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

MOST_STEPS = 1000
TOLERANCE = 1e-6
"""Most that the plan's row sums may be off, as a share of what they should be."""


def transport_plan(costs: np.ndarray, epsilon: float, most_steps: int = MOST_STEPS) -> np.ndarray:
    """The plan (n, m) for costs (n, m) at smoothing `epsilon`, in units of the costs. Its columns sum to 1/m exactly.

    >>> transport_plan(np.array([[0.0, 1.0], [1.0, 0.0]]), 0.01).round(3)
    array([[0.5, 0. ],
           [0. , 0.5]])
    """
    costs = np.asarray(costs, dtype=np.float64)
    if not epsilon > 0 or not np.isfinite(costs).all():
        raise ValueError(f"a transport plan needs finite costs and an epsilon above 0, got {epsilon}")
    n, m = costs.shape
    f, g = np.zeros(n), np.zeros(m)
    smoothing = max(epsilon, float(costs.mean()))
    for _ in range(most_steps):
        better = -smoothing * (logsumexp((g - costs) / smoothing, axis=1) - np.log(m))
        settled = smoothing == epsilon and np.abs(np.expm1((f - better) / epsilon)).mean() < TOLERANCE
        f = better
        g = -smoothing * (logsumexp((f[:, None] - costs) / smoothing, axis=0) - np.log(n))
        if settled:
            break
        smoothing = max(epsilon, smoothing / 2)
    plan: np.ndarray = np.exp((f[:, None] + g - costs) / smoothing) / (n * m)
    return plan
