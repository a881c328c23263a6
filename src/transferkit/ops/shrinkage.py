"""How far a covariance estimated from few items should be drawn towards a multiple of the identity.

Ledoit & Wolf 2004, "A well-conditioned estimator for large-dimensional covariance matrices", Lemmas 3.2-3.4: the share
a for which (1 - a) S + a mu I, mu = tr S / d, is nearest to the true covariance. Needs the items' lengths and |S|
alone: no d x d matrix.
"""

from __future__ import annotations

import numpy as np


def shrinkage(lengths: np.ndarray, square: float, d: int) -> float:
    """Share a, 0 to 1, for items with squared distances (n,) from their mean, |S|^2 and d the number of features.

    >>> items = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.1], [0.0, -0.1]])
    >>> covariance = items.T @ items / 4
    >>> round(shrinkage((items**2).sum(axis=1), float((covariance**2).sum()), 2), 2)
    0.51
    """
    mu = float(lengths.mean()) / d
    distance = square - d * mu**2
    noise = (float(np.square(lengths).mean()) - square) / len(lengths)
    if noise <= 0 or distance <= 1e-12 * square:  # S is mu I already
        return 0.0
    return float(min(noise / distance, 1.0))
