"""The interval of a mean over seeds x items, both random: would another seed and other items give the same answer?

The paired differences form a table d (S, n), one row a seed and one column a test item. In the crossed random-effects
model d_si = mu + seed_s + item_i + rest_si (Cornfield & Tukey 1956; for two arms judged on the same cases: Obuchowski &
Rockette 1995) the variance of the mean is

    Var(mean) = (MS_seeds + MS_items - MS_rest) / (S n)

with MS the mean squares of the two-way table without replication, and Satterthwaite's (1946) degrees of freedom. Two
things differ from the textbook:

- A mean square below MS_rest is chance (a variance component cannot be negative), so the sum never falls below the
  larger of MS_seeds and MS_items: that is the variance of the one-way table, which the truth cannot undercut.
- A table without any spread (an arm right on the same items as its baseline, every time) does not prove a difference of
  exactly 0. It is given the variance Bonett & Price (2012) give to paired shares: as if among two further items one had
  gone each way.

The smallest detectable difference is the true mean at which this test, with this standard error, would exclude 0 in
80 % of repetitions, from the non-central t distribution.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

POWER = 0.8


@dataclass(frozen=True)
class CrossedInterval:
    """A mean with its interval, in the unit of the table."""

    mean: float
    low: float
    high: float
    level: float
    standard_error: float
    degrees_of_freedom: float
    smallest_detectable: float
    """The smallest true mean that would have been told from 0 with 80 % power."""
    counts_seeds: bool
    """False with a single seed: the interval then speaks of other items, not of another training run."""
    counts_items: bool
    """False with a single item."""


def crossed_interval(differences: np.ndarray, level: float = 0.95, step: float = 1.0) -> CrossedInterval:
    """The mean of a table (S seeds, n items) with its interval.

    `step` is the largest change one item can make, used only where the table has no spread. Needs two seeds or two
    items; three seeds or more make an interval worth its width.

    >>> interval = crossed_interval(np.array([[0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 0.0]]))
    >>> round(interval.mean, 3), round(interval.standard_error, 3)
    (0.625, 0.239)
    """
    table = np.asarray(differences, dtype=np.float64)
    if table.ndim != 2 or table.size < 2:
        raise ValueError(f"a table of seeds x items with two cells at least is needed, got shape {table.shape}")
    if not np.isfinite(table).all():
        raise ValueError("the table of differences holds a value that is not finite")
    if not 0 < level < 1:
        raise ValueError(f"a level lies between 0 and 1, got {level}")
    mean = float(table.mean())
    if np.ptp(table) == 0:
        n = table.shape[1]
        variance, freedom = 2 * (step / (n + 2)) ** 2, max(n - 1.0, 1.0)
    else:
        variance, freedom = _variance(table)
    error = variance**0.5
    reach = float(special.stdtrit(freedom, (1 + level) / 2))
    return CrossedInterval(
        mean=mean,
        low=mean - reach * error,
        high=mean + reach * error,
        level=level,
        standard_error=error,
        degrees_of_freedom=freedom,
        smallest_detectable=float(special.nctdtrinc(freedom, 1 - POWER, reach)) * error,
        counts_seeds=table.shape[0] > 1,
        counts_items=table.shape[1] > 1,
    )


def _variance(table: np.ndarray) -> tuple[float, float]:
    """Variance of the mean of the whole table, and its degrees of freedom."""
    seeds, items = table.shape
    if min(seeds, items) == 1:
        return float(table.var(ddof=1)) / table.size, table.size - 1.0
    by_seed, by_item, mean = table.mean(axis=1), table.mean(axis=0), table.mean()
    rest = table - by_seed[:, None] - by_item[None, :] + mean
    ms_seeds = items * float(np.square(by_seed - mean).sum()) / (seeds - 1)
    ms_items = seeds * float(np.square(by_item - mean).sum()) / (items - 1)
    ms_rest = float(np.square(rest).sum()) / ((seeds - 1) * (items - 1))

    total = ms_seeds + ms_items - ms_rest
    one_way, one_way_freedom = max((ms_seeds, seeds - 1.0), (ms_items, items - 1.0))
    if total <= one_way:
        return one_way / table.size, one_way_freedom
    # Satterthwaite: total^2 / sum(MS^2 / freedom)
    spread = ms_seeds**2 / (seeds - 1) + ms_items**2 / (items - 1) + ms_rest**2 / ((seeds - 1) * (items - 1))
    return total / table.size, max(total**2 / spread, min(seeds, items) - 1.0)
