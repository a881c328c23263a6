"""Nearest-neighbour weights: how many target items each source item is the nearest to.

Loog 2012, "Nearest neighbor-based importance weighting" (MLSP), with its Laplace smoothing: the count plus 1. Nothing
to choose, no kernel. Cost O(n_s n_t d), in blocks.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.density_ratio.two_domains import squared_distances, two_domains

BLOCK = 256


def nearest_neighbour(
    source: np.ndarray, target: np.ndarray, *, neighbours: int = 1, smoothing: float = 1.0
) -> np.ndarray:
    """(n_s,) weights of mean 1; each target item counts for its `neighbours` nearest source items, a part of 1 for
    each.

    >>> nearest_neighbour(np.array([[0.0], [1.0]]), np.array([[0.9], [1.2], [1.3], [1.4]]))
    array([0.33333333, 1.66666667])
    """
    source, target = two_domains(source, target)
    if not 1 <= neighbours <= len(source):
        raise ValueError(f"neighbours={neighbours} must be 1 to the {len(source)} source items")
    if not smoothing >= 0:
        raise ValueError(f"smoothing={smoothing} must be at least 0")
    counts = np.zeros(len(source))
    for start in range(0, len(target), BLOCK):
        distances = squared_distances(target[start : start + BLOCK], source)
        if neighbours == 1:
            nearest = distances.argmin(axis=1)
        else:
            nearest = np.argpartition(distances, neighbours - 1, axis=1)[:, :neighbours]
        counts += np.bincount(nearest.ravel(), minlength=len(source)) / neighbours
    weights = counts + smoothing
    return np.asarray(weights / weights.mean())
