"""Refine: from a rough map of two clouds to a better one, through the rows that find each other under it.

Rows are pairs where each is the other's nearest by CSLS, 2 cos(a, b) - r(a) - r(b) with r the mean cosine to the ten
nearest of the other cloud, so that a row near everything is nobody's neighbour; then Procrustes on the pairs, and
again. Conneau, Lample et al. 2018, arXiv:1710.04087 (MUSE).
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.mappings.procrustes import procrustes
from transferkit.ops.mappings.space_map import SpaceMap

NEIGHBOURS = 10
LEAST_PAIRS = 4


def refined(x: np.ndarray, y: np.ndarray, start: SpaceMap, rounds: int = 5) -> SpaceMap:
    """The map after as many rounds as made the rows that find each other more alike; `start` itself where none did.

    `chosen` has `likeness`, the mean CSLS of each mapped row and its nearest, and the number of `pairs` of the last
    round.
    """
    best, highest = start, likeness(start(x), y)
    pairs = 0
    current = start
    for _ in range(rounds):
        ours, theirs = mutual_neighbours(current(x), y)
        if len(ours) < LEAST_PAIRS:
            break
        current = procrustes(x[ours], y[theirs])
        now = likeness(current(x), y)
        if now <= highest:
            break
        best, highest, pairs = current, now, len(ours)
    return SpaceMap(best.maps, {"likeness": highest, "pairs": float(pairs)}, best.notes)


def mutual_neighbours(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions in a (n, k) and b (m, k) of the rows that are each other's nearest by CSLS.

    >>> mutual_neighbours(np.eye(3), np.eye(3)[[2, 0, 1]])
    (array([0, 1, 2]), array([1, 2, 0]))
    """
    scores = csls(a, b)
    there, back = scores.argmax(axis=1), scores.argmax(axis=0)
    ours = np.flatnonzero(back[there] == np.arange(len(a)))
    return ours, there[ours]


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    """Mean CSLS of each row of a with its nearest of b; tells maps apart without knowing a pair."""
    return float(csls(a, b).max(axis=1).mean())


def csls(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, m) cosines of rows about the mean of b, less how near each is to the other cloud as a whole."""
    centre = b.mean(axis=0)
    a, b = (_unit(part - centre) for part in (a, b))
    cosines = a @ b.T
    near = [
        np.sort(cosines, axis=axis).take(range(-min(NEIGHBOURS, cosines.shape[axis]), 0), axis=axis).mean(axis=axis)
        for axis in (1, 0)
    ]
    scores: np.ndarray = 2 * cosines - near[0][:, None] - near[1]
    return scores


def _unit(rows: np.ndarray) -> np.ndarray:
    unit: np.ndarray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return unit
