"""Gaussian mixture: which of several clumps each item belongs to. Diagonal covariances, fitted by EM.

Dempster, Laird & Rubin 1977; the start is that of k-means++ (Arthur & Vassilvitskii 2007), with every item in the clump
of the nearest of the drawn ones. Written here and not taken from scikit-learn, whose import alone costs more than a
score may, and whose start moves with the machine's threads. The same items give the same mixture.
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

MOST_STEPS = 100
TOLERANCE = 1e-3
"""EM stops when the mean log-likelihood of an item rises by less."""
DRAW = 0
"""Seed of the start; any would do, one and the same for all makes scores comparable."""


def responsibilities(items: np.ndarray, n_clumps: int, ridge: float) -> np.ndarray:
    """(n, n_clumps) probability of each clump for items (n, k); `ridge` > 0 is added to every variance.

    Turning or shifting the items does nothing to the start; scaling them does nothing to the result if `ridge` scales along.

    >>> np.round(responsibilities(np.array([[0.0], [0.1], [5.0], [5.1]]), 2, 1e-3)).sum(axis=0)
    array([2., 2.])
    """
    nearest = _distances(items, items[_spread(items, n_clumps)]).argmin(axis=1)
    belongs: np.ndarray = np.eye(n_clumps)[nearest]  # (n, n_clumps)
    before = -np.inf
    for _ in range(MOST_STEPS):
        belongs, likelihood = expected(items, *fitted(items, belongs, ridge))
        if abs(likelihood - before) < TOLERANCE:
            break
        before = likelihood
    return belongs


def fitted(items: np.ndarray, belongs: np.ndarray, ridge: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The M step: shares (m,), means (m, k) and variances (m, k) of the clumps, given responsibilities (n, m)."""
    sizes = belongs.sum(axis=0) + 10 * np.finfo(np.float64).eps
    means = belongs.T @ items / sizes[:, None]
    squares = belongs.T @ np.square(items) / sizes[:, None]
    return sizes / len(items), means, np.maximum(squares - np.square(means), 0.0) + ridge


def expected(
    items: np.ndarray, shares: np.ndarray, means: np.ndarray, variances: np.ndarray
) -> tuple[np.ndarray, float]:
    """The E step: responsibilities (n, m), and the mean log-likelihood of an item."""
    k = items.shape[1]
    distances = np.square(items) @ (1 / variances).T - 2 * items @ (means / variances).T
    distances += (np.square(means) / variances).sum(axis=1)  # (n, m)
    densities = np.log(shares) - (distances + np.log(variances).sum(axis=1) + k * np.log(2 * np.pi)) / 2
    total = logsumexp(densities, axis=1, keepdims=True)
    return np.exp(densities - total), float(total.mean())


def _spread(items: np.ndarray, m: int) -> list[int]:
    """m positions, each drawn in proportion to the squared distance from those before."""
    random = np.random.default_rng(DRAW)
    chosen = [int(random.integers(len(items)))]
    nearest = _distances(items, items[chosen])[:, 0]
    for draw in random.random(m - 1):
        reached = np.cumsum(nearest)
        chosen.append(int(min(np.searchsorted(reached, draw * reached[-1], side="right"), len(items) - 1)))
        nearest = np.minimum(nearest, _distances(items, items[chosen[-1:]])[:, 0])
    return chosen


def _distances(items: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(n, m) squared distances of items (n, k) from points (m, k)."""
    squares = np.square(items).sum(axis=1)[:, None] + np.square(points).sum(axis=1) - 2 * items @ points.T
    found: np.ndarray = np.maximum(squares, 0.0)
    return found
