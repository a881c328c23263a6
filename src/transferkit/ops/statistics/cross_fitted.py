"""The interval of a mean over repeats x items where every item was learned from in the other folds.

R times the n items are dealt into folds, and each is judged by what was fitted to the other folds: a table d (R, n). Given
the items, the repeats are alike and independent, so averaging them takes away what the deal and the seeds add. With the mean
squares of the two-way table without replication, and items as if they were independent,

    Var(mean) = max(MS_repeats + MS_items - MS_rest, MS_items) / (R n)

They are not: all fits share items, and those make one data set. No unbiased estimate of what that adds exists (Bengio &
Grandvalet 2004). Nadeau & Bengio 2003 add a covariance to the variance of the folds' means, n_test / n_train; Bayle et al.
2020 show that nothing need be added for stable learners and many items. Here the variance is multiplied by `COVARIANCE`, and
the quantile is that of t with n - 1 degrees of freedom. The factor is calibrated by simulation, with 12 to 100 items and eleven
kinds of arms, some of them nearly interpolating: docs/decisions/0004 and bench/experiments/cross-fitting.

The interval of `crossed.py` is another one: its few seeds stand for all the seeds there might be and are paid for with the
quantile of t with S - 1 degrees of freedom, and it leaves out that items are shared, which a single repeat shows.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from transferkit.ops.statistics.crossed import POWER, CrossedInterval

COVARIANCE = 1.75
"""Variance of the mean over that of independent items."""


def cross_fitted_interval(differences: np.ndarray, level: float = 0.95, step: float = 1.0) -> CrossedInterval:
    """The mean of a table (R repeats, n items) with its interval; at least two items.

    `step` is the largest change one item can make, used only where the table has no spread; see `crossed.py`.

    >>> interval = cross_fitted_interval(np.array([[0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 0.0]]))
    >>> round(interval.mean, 3), round(interval.standard_error, 3)
    (0.625, 0.317)
    """
    table = np.asarray(differences, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2 or not len(table):
        raise ValueError(f"a table of repeats x items with two items at least is needed, got shape {table.shape}")
    if not np.isfinite(table).all():
        raise ValueError("the table of differences holds a value that is not finite")
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, got {level}")
    mean, freedom = float(table.mean()), table.shape[1] - 1.0
    error = (COVARIANCE * _variance(table, step)) ** 0.5
    quantile = float(special.stdtrit(freedom, (1 + level) / 2))
    return CrossedInterval(
        mean=mean,
        low=mean - quantile * error,
        high=mean + quantile * error,
        level=level,
        standard_error=error,
        degrees_of_freedom=freedom,
        smallest_detectable=float(special.nctdtrinc(freedom, 1 - POWER, quantile)) * error,
        counts_seeds=table.shape[0] > 1,
        counts_items=True,
    )


def _variance(table: np.ndarray, step: float) -> float:
    """Of the mean, items taken as independent."""
    repeats, items = table.shape
    if np.ptp(table) == 0:
        return float(2 * (step / (items + 2)) ** 2)
    by_repeat, by_item, mean = table.mean(axis=1), table.mean(axis=0), table.mean()
    ms_items = repeats * float(np.square(by_item - mean).sum()) / (items - 1)
    if repeats == 1:
        return float(ms_items / items)
    ms_repeats = items * float(np.square(by_repeat - mean).sum()) / (repeats - 1)
    rest = table - by_repeat[:, None] - by_item[None, :] + mean
    ms_rest = float(np.square(rest).sum()) / ((repeats - 1) * (items - 1))
    return float(max(ms_repeats + ms_items - ms_rest, ms_items) / table.size)
