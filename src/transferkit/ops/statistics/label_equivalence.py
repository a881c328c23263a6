"""Label equivalence: how many labels one learner needs to do as well as another, with its interval.

The answer is read off draws of the learning curve (`learning_curve.py`): its median, and the interval that holds 95 % of
them. A curve is followed to `FARTHEST` times its largest measured count and no further: there its form is a guess.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transferkit.ops.statistics.learning_curve import CurveDraws

FARTHEST = 8.0
"""Times the largest measured count: as far as a curve is followed."""


@dataclass(frozen=True)
class EquivalentSize:
    """A number of labels with its interval: 0 stands for fewer than `smallest`, infinity for more than `farthest`."""

    size: float
    low: float
    high: float
    level: float
    smallest: float
    """The smallest measured count."""
    farthest: float
    """The largest count that can be told."""


def equivalent_size(draws: CurveDraws, farthest: float = FARTHEST, level: float = 0.95) -> EquivalentSize:
    """How many labels the curve needs for what was reached; `farthest` times the measured counts at most.

    >>> from transferkit.ops.statistics.learning_curve import curve_draws
    >>> measured = {10: np.full((1, 50), 0.4), 20: np.full((1, 50), 0.2)}
    >>> found = equivalent_size(curve_draws(measured, np.full((1, 50), 0.25), step=1e-6))
    >>> round(found.size, 1), found.farthest
    (16.8, 160.0)
    """
    most = farthest * float(draws.sizes[-1])
    size = draws.size()
    size = np.where(size > most * (1 + 1e-9), np.inf, size)
    shares = [(1 - level) / 2, 0.5, (1 + level) / 2]
    low, middle, high = (float(q) for q in np.quantile(size, shares, method="inverted_cdf"))
    return EquivalentSize(middle, low, high, level, float(draws.sizes[0]), most)
