"""Least squares by steps: the linear map of pairs that come in batches, too many to be in memory at a time.

Stochastic gradient steps of a constant length, averaged: A_t = A_{t-1} - step x^T (x A_{t-1} - y), and f has a mean
of all A_t (Bach & Moulines 2013, arXiv:1306.2119). Its error falls like 1 / n whatever the smallest eigenvalue.
Differs: the step is 1 / (2 m) with m the mean of |x|^2 seen so far; the mean weighs later steps more, by their number
cubed (Shamir & Zhang 2013, arXiv:1212.1824), so that the start is soon forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from transferkit.ops.feature_maps.affine import Affine
from transferkit.ops.mappings.pairs import checked_pairs
from transferkit.ops.mappings.space_map import SpaceMap

STEPS = 2000
BATCH = 32
DECAY = 3
"""Step t counts in the mean about as t to this power."""


def least_squares_by_steps(batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> SpaceMap:
    """The linear map of pairs that come as batches of x (n, d) and y (n, k), each at least 2 pairs, looked at once in
    their order.

    Memory is that of a batch and of the map. Give features on one scale: a column a thousand times larger than the
    others is learned a million times faster. Batches that are drawn at random and come round several times bring it
    nearer to `least_squares(..., penalty=0)`, which it is in the limit.

    >>> x = np.random.default_rng(0).normal(size=(200, 2))
    >>> f = least_squares_by_steps([(x, x @ np.array([[2.0], [1.0]]) + 3)] * 200)
    >>> f.matrix.round(2).ravel(), f.offset.round(2)
    (array([2., 1.]), array([3.]))
    """
    parameters = average = None
    square, n_seen = 0.0, 0
    for step, (x, y) in enumerate(batches, start=1):
        x, y, _ = checked_pairs(x, y)
        x = np.concatenate([x, np.ones((len(x), 1))], axis=1)  # (n, d + 1), the last for the offset
        if parameters is None:
            parameters = np.zeros((x.shape[1], y.shape[1]))
        if parameters.shape != (x.shape[1], y.shape[1]):
            raise ValueError(
                f"batch {step} has {x.shape[1] - 1} and {y.shape[1]} columns, the first had {parameters.shape[0] - 1} and "
                f"{parameters.shape[1]}"
            )
        square += float(np.square(x).sum())
        n_seen += len(x)
        parameters = parameters - (n_seen / (2 * square)) * (x.T @ (x @ parameters - y)) / len(x)
        average = parameters if average is None else average + (parameters - average) * (DECAY + 1) / (step + DECAY)
    if average is None:
        raise ValueError("there are no batches; give at least one")
    return SpaceMap((Affine(average[:-1], average[-1]),), {"steps": float(step), "pairs": float(n_seen)})


def random_batches(x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None, seed: int = 0) -> SpaceMap:
    """The same of pairs x (n, d) and y (n, k) that are in memory, in `STEPS` batches, drawn as often as their weights
    (n,) say."""
    x, y, weights = checked_pairs(x, y, weights)
    random = np.random.default_rng(seed)
    drawn = (random.choice(len(x), size=BATCH, p=weights / weights.sum()) for _ in range(STEPS))
    return least_squares_by_steps((x[rows], y[rows]) for rows in drawn)
