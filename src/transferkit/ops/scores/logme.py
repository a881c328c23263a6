"""LogME: the log evidence, per item, of a Bayesian linear model of the labels on the features.

You, Liu, Wang & Long 2021, arXiv:2102.11005. With weights ~ N(0, 1/alpha) and noise ~ N(0, 1/beta), labels y (n,) are

    y ~ N(0, I / beta + F F' / alpha)

and LogME is the largest log density over alpha and beta, divided by n; for classes the mean over one-against-all labels.
Differs from the paper: its evidence drops -(D - k) / 2 ln alpha where the features have rank k < D (fewer items than
features, for one) and its fixed point may stop early. Here, with s the eigenvalues of F F', z = U'y and
penalty = alpha / beta, the density is exact at any rank and the best beta is known in closed form:

    Q = sum_k z_k^2 penalty / (s_k + penalty) + |y|^2 - |z|^2,     1 / beta = Q / n
    log p = -n/2 ln(2 pi) + n/2 ln beta - beta Q / 2 - 1/2 sum_k ln(1 + s_k / penalty)

which leaves one unknown, found on a grid and refined by golden section for all classes at once. Labels that the features
reproduce exactly would have infinite evidence: the noise is kept at `LEAST_NOISE` of the labels' mean square.

Cost O(n d min(n, d)). Unbounded: comparable between sources on the same labels only. Blind to how a non-linear head, or
fine-tuning, would do; without an intercept, as published. A class counts as much as any other, however rare.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from transferkit.ops.principal_axes import principal_axes
from transferkit.ops.scores.inputs import checked_features, checked_labels, one_hot

LEAST_NOISE = 1e-6
GRID = 61
GOLDEN = (5**0.5 - 1) / 2
GOLDEN_STEPS = 40


def logme(features: np.ndarray, labels: np.ndarray) -> float:
    """LogME of features (n, d) for class numbers (n,); higher is better.

    >>> points = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0]])
    >>> logme(points, np.array([0, 0, 1, 1])) > logme(points, np.array([0, 1, 0, 1]))
    True
    """
    features = checked_features(features)
    labels = checked_labels(labels, len(features))
    return logme_numbers(features, one_hot(np.unique(labels, return_inverse=True)[1], len(np.unique(labels))))


def logme_numbers(features: np.ndarray, targets: np.ndarray) -> float:
    """LogME of features (n, d) for numbers (n,) or (n, k), the mean over the k columns; higher is better."""
    features = checked_features(features)
    n = len(features)
    targets = np.asarray(targets, dtype=np.float64).reshape(n, -1)
    square = np.square(targets).sum(axis=0)  # (k,)
    if not np.isfinite(square).all() or not square.all():
        raise ValueError("targets must be finite numbers that are not all 0")
    coordinates, s = principal_axes(features)
    coordinates, s = coordinates[:, s > 0], s[s > 0]
    z_squared = np.square(coordinates.T @ targets) / s[:, None]  # (r, k)
    rest = np.maximum(square - z_squared.sum(axis=0), 0.0)

    def evidence(log_penalty: np.ndarray) -> np.ndarray:
        """(k,) log density at one penalty a column."""
        penalty = np.exp(log_penalty)
        q = (z_squared * (penalty / (s[:, None] + penalty))).sum(axis=0) + rest
        beta = n / np.maximum(q, LEAST_NOISE * square)
        complexity = np.log1p(s[:, None] / penalty).sum(axis=0)
        density: np.ndarray = 0.5 * (n * np.log(beta / (2 * np.pi)) - beta * q - complexity)
        return density

    grid = np.linspace(np.log(s[0]) - 20, np.log(s[-1]) + 20, GRID)  # beyond, the evidence no longer changes
    return float(_largest(evidence, grid, targets.shape[1]).mean()) / n


def _largest(function: Callable[[np.ndarray], np.ndarray], grid: np.ndarray, k: int) -> np.ndarray:
    """(k,) maxima of k functions of one number: the best point of the grid, refined between its neighbours."""
    values = np.stack([function(np.full(k, point)) for point in grid])  # (GRID, k)
    best = values.argmax(axis=0)
    low, high = grid[np.maximum(best - 1, 0)], grid[np.minimum(best + 1, len(grid) - 1)]
    for _ in range(GOLDEN_STEPS):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        rises = function(left) < function(right)
        low, high = np.where(rises, left, low), np.where(rises, high, right)
    refined: np.ndarray = np.maximum(values.max(axis=0), function((low + high) / 2))
    return refined
