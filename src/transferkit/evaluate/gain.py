"""Gain: how much better an arm is than its baseline on the same seeds and the same test items, with its interval."""

from __future__ import annotations

import numpy as np

from transferkit.evaluate.summary import Gain
from transferkit.ops.statistics.crossed import crossed_interval


def paired_gain(
    arm: np.ndarray,
    baseline: np.ndarray,
    higher_is_better: bool = True,
    level: float = 0.95,
    step: float = 1.0,
    reach: float = 1.0,
) -> Gain:
    """The gain of `arm` over `baseline`, both (S seeds, n items) of the metric's values an item; positive is better.

    Row s of both comes from seed s and column i from test item i. The interval treats seeds and items as random; see
    `ops/statistics/crossed.py`. With one seed it speaks of other items only (`n_seeds` says so). `step`, the largest
    change one item can make, says how wide the interval is where the arms never differ; no interval goes beyond `reach`.

    >>> gain = paired_gain(np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]), np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]))
    >>> round(gain.mean, 3), gain.n_seeds, gain.n_items
    (0.5, 2, 3)
    """
    if arm.shape != baseline.shape or arm.ndim != 2:
        raise ValueError(f"arm {arm.shape} and baseline {baseline.shape} must be tables of the same seeds and items")
    differences = np.asarray(arm, dtype=np.float64) - np.asarray(baseline, dtype=np.float64)
    interval = crossed_interval(differences if higher_is_better else -differences, level, step)
    return Gain(
        mean=interval.mean,
        low=max(interval.low, -reach),
        high=min(interval.high, reach),
        level=level,
        n_seeds=arm.shape[0],
        n_items=arm.shape[1],
        smallest_detectable=min(interval.smallest_detectable, reach),
    )
