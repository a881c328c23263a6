"""NLEEP: LEEP with clumps of the features in place of the source's own classes, so that no head is needed.

Li, Jia, Sang, Zhu, Green, Wang & Gong 2021, "Ranking Neural Checkpoints", arXiv:2011.11200. The features are reduced to
the principal axes that hold 80 % of their variance, a Gaussian mixture of five clumps a class is fitted to them, and
the probabilities of the clumps are what LEEP reads. Differs from the paper: clumps have diagonal covariances, drawn
towards the mean variance (`RIDGE`), there is one to every five items at most, and of more than `MOST_ITEMS` items that
many are taken, evenly from every class. It is a mean logarithm, as in the paper; a released code that leaves out the
logarithm gives other numbers.

Cost O(steps n m k) for m clumps along k axes, and steps at most 100. Bounds -H(Y) <= NLEEP <= 0, H(Y) <= ln C. Fails
with few items a class: a clump of five items has a label in the majority by chance, so that labels without any relation
score well above -H(Y); and where clumps are not classes. The start of the mixture is drawn, always alike: the same
number every time, but another draw would move it by some hundredths. A class weighs as its share of the items; say
`balanced`, and every class weighs alike.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.gaussian_mixture import responsibilities
from transferkit.ops.principal_axes import PrincipalAxes
from transferkit.ops.scores.evenly import evenly
from transferkit.ops.scores.inputs import checked_labels, principal_axes
from transferkit.ops.scores.leep import leep
from transferkit.ops.scores.score import Score

VARIANCE_KEPT = 0.8
CLUMPS_A_CLASS = 5
ITEMS_A_CLUMP = 5
MOST_ITEMS = 4000
RIDGE = 1e-2
"""Added to every variance, of the mean variance along the axes."""


def nleep(
    features: np.ndarray | PrincipalAxes, labels: np.ndarray, *, balanced: bool = False, clumps: int | None = None
) -> float:
    """NLEEP of features (n, d) for class numbers (n,); nats an item, higher is better.

    >>> points = np.array([[0.0], [0.1], [0.2], [5.0], [5.1], [5.2]])
    >>> nleep(points, np.array([0, 0, 0, 1, 1, 1])) > -0.01
    True
    """
    axes = principal_axes(features)
    labels = checked_labels(labels, len(axes))
    kept = evenly(labels, MOST_ITEMS)
    labels = labels[kept]
    held = np.cumsum(axes.squares[::-1]) / axes.squares.sum()
    k = min(int(np.searchsorted(held, VARIANCE_KEPT)) + 1, len(held))
    items = axes.coordinates[kept, -k:]  # (n, k)
    if clumps is None:
        clumps = min(CLUMPS_A_CLASS * len(np.unique(labels)), len(kept) // ITEMS_A_CLUMP)
    ridge = RIDGE * float(np.square(items).mean())
    return leep(responsibilities(items, max(clumps, 2), ridge), labels, balanced=balanced)


SCORE = Score(function=nleep, needs=("axes", "labels"), low="-ln C", high="0", imbalance="option")
