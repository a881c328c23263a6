"""A learning curve - error against the number of labels - with everything that is uncertain about it, as draws.

The curve is measured at a few label counts up to n, on the same test items. Between two counts it is straight in log count,
and it never rises (isotonic regression). Beyond n its error e follows the power law that learning curves follow (Cortes et
al. 1994; Hestness et al. 2017, arXiv:1712.00409), in the form that also holds where labels are so few that guessing shows
(Alabdulmohsin, Neyshabur & Zhai 2022, arXiv:2209.06640, M4 with alpha = 1), through what was measured at n:

    e / (e_0 - e) = e_n / (e_0 - e_n) * (m / n)^-b

e_0 is the error of a blind guess; where a learner does worse than that, the plain power law e = e_n (m / n)^-b is taken.
Differs from the papers: the error that no number of labels removes (their c) is taken to be 0, for three or four counts
cannot tell it. A learner that does have such a floor needs more labels than said here.

A draw is what the curve may truly be. Test items: all counts share them, so their errors vary together, as the items'
influence values do. Seeds: below n another seed is another choice among the n labels, with a variance pooled over the
counts; at n another seed is only another training run, for all seeds have the same labels. As these are themselves one
choice, all counts below n are drawn together against n by that same variance. Variances of few degrees of freedom give
draws of Student's t. So the curve is fixed at n, where transfer and scratch learned from the same labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

N_DRAWS = 4000


@dataclass(frozen=True, eq=False)
class CurveDraws:
    """A learning curve as it may truly be, one row a draw, and an error to be reached."""

    sizes: np.ndarray
    """(k,) the measured label counts, ascending; the last is n."""
    errors: np.ndarray
    """(draws, k) never rising."""
    slope: np.ndarray
    """(draws,) b; 0 where the curve does not fall."""
    blind: float
    """e_0; infinite where unknown, which leaves the plain power law."""
    reached: np.ndarray
    """(draws,) what another learner has reached, drawn with the same test items."""

    def error(self, size: float) -> np.ndarray:
        """(draws,) the error at a label count from the smallest measured one on."""
        if size > self.sizes[-1]:
            odds = _odds(self.errors[:, -1], self.blind) * (size / self.sizes[-1]) ** -self.slope
            return _error(odds, self.blind)
        right = max(1, int(np.searchsorted(self.sizes, size)))
        share = np.log(size / self.sizes[right - 1]) / np.log(self.sizes[right] / self.sizes[right - 1])
        return np.asarray((1 - share) * self.errors[:, right - 1] + share * self.errors[:, right])

    def size(self) -> np.ndarray:
        """(draws,) how many labels reach `reached`: 0 for fewer than the smallest count, infinite for never."""
        logs = np.log(self.sizes)
        found = np.where(self.reached >= self.errors[:, 0], 0.0, np.inf)
        for i in range(len(logs) - 1):
            upper, lower = self.errors[:, i], self.errors[:, i + 1]
            between = (self.reached < upper) & (self.reached >= lower)
            share = np.where(between, upper - self.reached, 0.0) / np.where(between, upper - lower, 1.0)
            found = np.where(between, np.exp(logs[i] + share * (logs[i + 1] - logs[i])), found)
        beyond = (self.reached < self.errors[:, -1]) & (self.slope > 0)
        last = np.where(beyond, self.errors[:, -1], self.reached)
        falls = np.log(_odds(last, self.blind) / _odds(self.reached, self.blind))  # in log odds
        log_size = logs[-1] + falls / np.where(beyond, self.slope, 1.0)
        return np.where(beyond, np.exp(np.minimum(log_size, 700.0)), found)  # 700: short of infinity


def curve_draws(
    curve: Mapping[int, np.ndarray],
    reached: np.ndarray,
    *,
    blind: float | None = None,
    step: float = 1.0,
    seed: int = 0,
) -> CurveDraws:
    """Draws of a learner's curve and of the error another learner has reached.

    curve: label count -> errors (seeds, n_items), 0 is perfect, the same items in all; two counts at least. reached: such a
    table of the other learner. blind: the mean error of a blind guess. step: the largest change one item can make.

    >>> tables = {10: np.full((1, 50), 0.4), 20: np.full((1, 50), 0.2)}
    >>> draws = curve_draws(tables, np.full((1, 50), 0.1), step=1e-6)
    >>> round(float(np.median(draws.size())))
    40
    """
    if len(curve) < 2:
        raise ValueError(f"a curve needs two label counts, got {sorted(curve)}")
    counts = sorted(curve)
    tables = [np.asarray(table, dtype=np.float64) for table in (*(curve[count] for count in counts), reached)]
    if len({table.shape[1:] for table in tables}) > 1 or not all(np.isfinite(table).all() for table in tables):
        raise ValueError("all tables of a curve need the same items and finite values")
    random, sizes = np.random.default_rng(seed), np.array(counts, dtype=np.float64)
    least = 0.5 * step / tables[0].shape[1]  # half an item's worth: no error measured on items is surely 0
    means = np.array([max(float(table.mean()), least) for table in tables])
    top = np.inf if blind is None or means.max() >= blind - least else float(blind)
    # d log odds / d error
    stretch = 1 / means + (0.0 if np.isinf(top) else 1 / (top - means))
    spreads = [_among_seeds(table, factor) for table, factor in zip(tables, stretch, strict=True)]
    choices = _pooled(spreads[:-2])

    noise = _item_noise(tables, stretch, step, random)  # (draws, k + 1)
    variance = noise[:, :-1].var(axis=0) + choices.variance / np.array([*(len(t) for t in tables[:-2]), 1])
    widened = choices.drawn(random)
    for i, table in enumerate(tables[:-2]):
        noise[:, i] += widened * random.standard_normal(N_DRAWS) / len(table) ** 0.5
    noise[:, :-2] += (widened * random.standard_normal(N_DRAWS))[:, None]  # the n labels are one choice
    for i in (-2, -1):
        noise[:, i] += spreads[i].drawn(random) * random.standard_normal(N_DRAWS) / len(tables[i]) ** 0.5

    log_odds = np.log(_odds(means, top)) + noise
    errors = _error(np.exp(log_odds), top)
    slope = _slope(np.log(sizes), log_odds[:, :-1], 1 / variance)
    return CurveDraws(sizes, _falling(errors[:, :-1], 1 / variance), slope, top, errors[:, -1])


@dataclass(frozen=True)
class _Spread:
    """The variance among single seeds, with its degrees of freedom."""

    variance: float
    freedom: int

    def drawn(self, random: np.random.Generator) -> np.ndarray:
        """(draws,) standard deviations that it may truly stand for."""
        return np.asarray(self.variance**0.5 * _widening(self.freedom, random))


def _among_seeds(table: np.ndarray, stretch: float) -> _Spread:
    """Of a seed's log odds, beyond what the noise of its own items makes; see `crossed.py`."""
    seeds, items = table.shape
    if seeds < 2:
        return _Spread(0.0, 0)
    by_seed, by_item = table.mean(axis=1), table.mean(axis=0)
    rest = table - by_seed[:, None] - by_item[None, :] + table.mean()
    ms_rest = float(np.square(rest).sum()) / max((seeds - 1) * (items - 1), 1)
    return _Spread(max(float(by_seed.var(ddof=1)) - ms_rest / items, 0.0) * float(stretch) ** 2, seeds - 1)


def _pooled(spreads: Sequence[_Spread]) -> _Spread:
    freedom = sum(spread.freedom for spread in spreads)
    total = sum(spread.freedom * spread.variance for spread in spreads)
    return _Spread(total / freedom if freedom else 0.0, freedom)


def _widening(freedom: int, random: np.random.Generator) -> np.ndarray:
    """(draws,) turns normal draws into Student's t: how far a variance of so few degrees of freedom may be off."""
    return np.asarray(np.sqrt(freedom / random.chisquare(freedom, N_DRAWS))) if freedom else np.ones(N_DRAWS)


def _item_noise(
    tables: Sequence[np.ndarray], stretch: np.ndarray, step: float, random: np.random.Generator
) -> np.ndarray:
    """(draws, tables): what other test items would have changed in the log odds of all tables together."""
    by_item = np.stack([table.mean(axis=0) for table in tables], axis=1)  # (n_items, tables)
    n_items = len(by_item)
    influence = (by_item - by_item.mean(axis=0)) * stretch
    covariance = influence.T @ influence / (n_items * max(n_items - 1, 1))
    no_spread = np.ptp(by_item, axis=0) == 0  # as in crossed.py, and no more than a single wrong item would have
    covariance += np.diag(np.where(no_spread, np.minimum(2 * (stretch * step / (n_items + 2)) ** 2, 1.0), 0.0))
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    noise = random.standard_normal((N_DRAWS, len(tables))) @ root.T
    return np.asarray(noise * _widening(n_items - 1, random)[:, None])


def _odds(error: np.ndarray, blind: float) -> np.ndarray:
    """e / (e_0 - e); without e_0 just e."""
    return np.asarray(error if np.isinf(blind) else error / np.maximum(blind - error, 1e-12))


def _error(odds: np.ndarray, blind: float) -> np.ndarray:
    if np.isinf(blind):
        return np.asarray(odds)
    return np.asarray(np.where(np.isinf(odds), blind, blind * odds / (1 + np.where(np.isinf(odds), 0.0, odds))))


def _slope(log_size: np.ndarray, log_odds: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """(draws,) how steeply a weighted line through each row of (draws, k) falls; 0 where it rises."""
    share = precision / precision.sum()
    x = log_size - share @ log_size
    return np.asarray(np.clip(-(log_odds @ (share * x)) / (share @ x**2), 0.0, None))


def _falling(errors: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """(draws, k) the nearest curves that never rise and leave the last count as it is.

    Isotonic regression by its min-max formula: the value at i is the least, over a <= i, of the largest mean of a to b over
    b >= i.
    """
    k = errors.shape[1]
    weight = precision.copy()
    weight[-1] = 1e6 * precision.sum()
    total = np.cumsum(np.column_stack([np.zeros(len(errors)), errors * weight]), axis=1)
    sums = np.concatenate([[0.0], np.cumsum(weight)])
    mean = {(a, b): (total[:, b + 1] - total[:, a]) / (sums[b + 1] - sums[a]) for a in range(k) for b in range(a, k)}
    highest = {(a, i): np.max([mean[a, b] for b in range(i, k)], axis=0) for i in range(k) for a in range(i + 1)}
    return np.stack([np.min([highest[a, i] for a in range(i + 1)], axis=0) for i in range(k)], axis=1)
