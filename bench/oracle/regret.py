"""How good a choice among sources was: regret, weighted tau, and their interval over targets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import stats


def regret(truth: np.ndarray, values: np.ndarray, k: int = 1) -> float:
    """What is lost by trying only the `k` sources of the largest values instead of the best one; (n_sources,) each.

    A source whose value is NaN is tried last. Among equal values all orders are equally likely; the mean over them is given.

    >>> regret(np.array([0.9, 0.7, 0.8]), np.array([1.0, 3.0, 2.0]), k=2)
    0.1
    """
    filled = np.where(np.isnan(values), -np.inf, values)
    order = np.argsort(-filled, kind="stable")
    cut = filled[order[min(k, len(order)) - 1]]
    sure = truth[filled > cut]
    tied = np.sort(truth[filled == cut])  # of these some are drawn
    n_drawn = min(k, len(order)) - len(sure)
    floor = sure.max(initial=-np.inf)
    # the largest of n_drawn out of m: P(it is the i-th smallest) = C(i, n_drawn - 1) / C(m, n_drawn), i counted from 0
    chance = np.array([_choose(i, n_drawn - 1) for i in range(len(tied))]) / _choose(len(tied), n_drawn)
    return round(float(truth.max() - (chance * np.maximum(tied, floor)).sum()), 12)


def weighted_tau(truth: np.ndarray, values: np.ndarray) -> float:
    """Weighted Kendall tau (Vigna 2015): agreement of two orders, that at the top counting most; 1, 0 none, -1."""
    known = ~np.isnan(values)
    if known.sum() < 2 or np.ptp(values[known]) == 0:
        return 0.0
    return float(stats.weightedtau(truth[known], values[known]).statistic)


def interval_over_targets(values: Sequence[float], level: float = 0.95, n_draws: int = 10_000) -> tuple[float, float]:
    """Percentile bootstrap over targets of the mean; regrets are skewed and never negative."""
    drawn = np.random.default_rng(0).choice(np.asarray(values), (n_draws, len(values)))
    low, high = np.quantile(drawn.mean(axis=1), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _choose(n: int, k: int) -> float:
    from math import comb

    return float(comb(n, k)) if 0 <= k <= n else 0.0
