"""Joint surplus: what a model's numbers on the target cost to be explained by the source, beside what the features cost.

Courty, Flamary, Habrard & Rakotomamonjy 2017, arXiv:1705.08848, theorem 3.1, bound the target error of f by the transport
distance between source items with their labels, (x_i, y_i), and target items with what f says of them, (x_j, f(x_j)), and
terms that do not depend on f where labels change no faster than the features. Of that distance the part that f is to
answer for:

    surplus(f) = min_P <P, weight C + L_f> - min_P <P, weight C>
    C_ij = |x_i - x_j|^2 / their median,   L_ij = (y_i - f(x_j))^2 / variance of y

0 where target items get the labels of the source items they go to anyway. Features are those before any adaptation, so that
all models are held to the same; a large weight keeps a model that fits the labels' distribution alone from looking good.
Differs: squared distances; both samples are cut to one size, so that a best plan is an assignment. Not of classes, and so no
`SCORE`. Cost O(n^3), n at most `MOST`; 0.1 s usually.
"""

from __future__ import annotations

import numpy as np

MOST = 500
"""Items of either side that are looked at, always the same ones."""
WEIGHT = 40.0
"""What features at the median distance cost beside labels a standard deviation apart."""


def joint_surpluses(
    source: np.ndarray, labels: np.ndarray, target: np.ndarray, said: np.ndarray, weight: float = WEIGHT
) -> np.ndarray:
    """(m,) of m models, in variances of the labels; lower is better. Source (n_s, d) with labels (n_s,), target (n_t, d) and
    what each model says of it, said (m, n_t).

    >>> items = np.array([[0.0], [1.0], [2.0]])
    >>> joint_surpluses(items, items[:, 0], items, np.array([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]])).round(3)
    array([0., 4.])
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    n = min(len(source), len(target), MOST)
    ours, theirs = (np.linspace(0, len(part) - 1, n).round().astype(np.int64) for part in (source, target))
    squares = cdist(source[ours], target[theirs], "sqeuclidean")
    of_features = weight * squares / (float(np.median(squares)) or 1.0)
    deviation = float(labels.std()) or 1.0

    def least(costs: np.ndarray) -> float:
        return float(costs[linear_sum_assignment(costs)].mean())

    floor = least(of_features)
    losses = np.square((labels[ours][:, None] - said[:, None, theirs]) / deviation)  # (m, n, n)
    return np.array([max(least(of_features + loss) - floor, 0.0) for loss in losses])
