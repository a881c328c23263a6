"""Two domains: what every density ratio asks of its input, and what can be said of weights once they are there."""

from __future__ import annotations

import numpy as np

MOST_PAIRS = 500
"""Items of all domains between which the median distance is measured; evenly spread over the rows."""


def two_domains(source: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64; ValueError where they are not (n_s, d) and (n_t, d) of finite numbers, two items or more
    each."""
    source, target = np.asarray(source, dtype=np.float64), np.asarray(target, dtype=np.float64)
    if source.ndim != 2 or target.ndim != 2 or source.shape[1] != target.shape[1]:
        raise ValueError(f"source is {source.shape} and target {target.shape}; expected (n_s, d) and (n_t, d)")
    if min(len(source), len(target)) < 2:
        raise ValueError(f"source holds {len(source)} items and target {len(target)}; at least two of each are needed")
    for name, rows in (("source", source), ("target", target)):
        wrong = np.flatnonzero(~np.isfinite(rows).all(axis=1))
        if len(wrong):
            raise ValueError(f"{name} holds a value that is not finite (row {wrong[0]})")
    return source, target


def median_distance(source: np.ndarray, target: np.ndarray) -> float:
    """The median distance between two items of either domain; 1 where that is 0 and so no length to measure by."""
    both = np.concatenate([source, target])
    chosen = both[np.unique(np.linspace(0, len(both) - 1, min(len(both), MOST_PAIRS)).astype(int))]
    squares = squared_distances(chosen, chosen)[np.triu_indices(len(chosen), 1)]
    return float(np.sqrt(np.median(squares))) or 1.0


def squared_distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(n, m) between rows of x (n, d) and y (m, d), never below 0."""
    squares: np.ndarray = (x * x).sum(1)[:, None] + (y * y).sum(1)[None, :] - 2 * (x @ y.T)
    return np.asarray(np.maximum(squares, 0.0))


def gaussian(x: np.ndarray, y: np.ndarray, width: float) -> np.ndarray:
    """(n, m) exp(-|x - y|^2 / (2 width^2))."""
    kernel: np.ndarray = np.exp(squared_distances(x, y) / (-2 * width * width))
    return kernel


def effective_items(weights: np.ndarray) -> float:
    """How many equally weighted items say as much as these do: (sum w)^2 / sum w^2 (Kish 1965).

    >>> effective_items(np.array([1.0, 1.0, 0.0]))
    2.0
    """
    return float(weights.sum() ** 2 / np.square(weights).sum())
