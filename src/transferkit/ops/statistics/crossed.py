"""The interval of a mean over seeds x items, both random: would another seed and other items give the same answer?

The paired differences form a table d (S, n), one row a seed and one column a test item. In the crossed random-effects
model d_si = mu + seed_s + item_i + rest_si (Cornfield & Tukey 1956; for two arms judged on the same cases: Obuchowski &
Rockette 1995) the variance of the mean is

    Var(mean) = (MS_seeds + MS_items - MS_rest) / (S n)

with MS the mean squares of the two-way table without replication. It is a sum of two variances, and the interval adds the
squares of two half-widths, each with the quantile of t of its own degrees of freedom (Howe 1974, "Approximate confidence
limits on the mean of X + Y"). For fewer seeds than items, as usual:

    reach^2 = t(S - 1)^2 MS_seeds / (S n) + t(n - 1)^2 max(MS_items - MS_rest, 0) / (S n)

but never less than t(n - 1)^2 MS_items / (S n), with MS_items and MS_rest pooled where the first is the smaller: so wide it
would be if seeds did not differ at all. Two choices are in this:

- One t for the sum, with Satterthwaite's (1946) degrees of freedom, is too narrow where seeds are few, for the degrees of
  freedom are guessed from those few: it covers 92.4 to 97.5 % of normal tables at a nominal 95, least with three seeds.
- What is left over in each cell (MS_rest) is counted with the seeds: MS_seeds is what has S - 1 degrees of freedom. MS_seeds -
  MS_rest, the seeds alone, has not; with three seeds it is near 0 by chance too often, and the interval covers 91 to 97.5 %.

This form covers 95 to 99 % of normal tables and 93 to 97 % of the planted studies of `bench/` (verdict-calibration). Where
items hardly differ but cells do, it is wider than Satterthwaite's: up to twice at three seeds, by a quarter at five.

A table without any spread (an arm right on the same items as its baseline, every time) does not prove a difference of exactly
0. It is given the variance Bonett & Price (2012) give to paired shares: as if among two further items one had gone each way.

The smallest detectable difference is the true mean at which this test, with this standard error, would exclude 0 in 80 % of
repetitions, from the non-central t distribution with Satterthwaite's degrees of freedom.
"""

from __future__ import annotations

import math
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
    parts = max(_readings(table, step), key=lambda parts: _reach(parts, level))
    reach = _reach(parts, level)
    variance = sum(v for v, _ in parts)
    error, freedom = variance**0.5, variance**2 / sum(v**2 / f for v, f in parts)
    return CrossedInterval(
        mean=mean,
        low=mean - reach,
        high=mean + reach,
        level=level,
        standard_error=error,
        degrees_of_freedom=freedom,
        smallest_detectable=float(special.nctdtrinc(freedom, 1 - POWER, reach / error)) * error,
        counts_seeds=table.shape[0] > 1,
        counts_items=table.shape[1] > 1,
    )


Parts = list[tuple[float, float]]
"""Variances that add up to that of the mean, each with its degrees of freedom."""


def _reach(parts: Parts, level: float) -> float:
    """Half the interval's width."""
    squares = [float(special.stdtrit(freedom, (1 + level) / 2)) ** 2 * v for v, freedom in parts]
    return math.sqrt(sum(squares))


def _readings(table: np.ndarray, step: float) -> list[Parts]:
    """The ways to read the variance of the mean of the whole table; the widest counts."""
    if np.ptp(table) == 0:
        n = table.shape[1]
        return [[(2 * (step / (n + 2)) ** 2, max(n - 1.0, 1.0))]]
    table = table if table.shape[0] <= table.shape[1] else table.T
    few, many = table.shape
    if few == 1:
        return [[(float(table.var(ddof=1)) / many, many - 1.0)]]
    by_few, by_many, mean = table.mean(axis=1), table.mean(axis=0), table.mean()
    rest = table - by_few[:, None] - by_many[None, :] + mean
    ms_few = many * float(np.square(by_few - mean).sum()) / (few - 1)
    ms_many = few * float(np.square(by_many - mean).sum()) / (many - 1)
    ms_rest = float(np.square(rest).sum()) / ((few - 1) * (many - 1))

    crossed = [(ms_few / table.size, few - 1.0), (max(ms_many - ms_rest, 0.0) / table.size, many - 1.0)]
    pooled = (ms_many + (few - 1) * ms_rest) / few  # their sum of squares over few (many - 1)
    return [crossed, [(max(ms_many, pooled) / table.size, many - 1.0)]]
