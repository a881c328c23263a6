"""TransRate: how many fewer nats it takes to tell the features of an item once its class is known.

Huang, Huang, Rong, Yang & Wei 2022, arXiv:2106.09362. With features z about their mean, the coding rate of items Z (n,
d) up to a distortion is R(Z) = 1/2 ln det(I + Z'Z / (n distortion)), and

    TransRate = R(Z) - sum_c n_c / n R(Z_c)

Differs from the paper: each class is taken about its own mean, as what is to be estimated, the information that
features and labels share, asks for; about the common mean, as published, two classes on opposite sides of it score 0
however far apart (`own_means=False` is that). Differs from its code: classes weigh n_c / n, as its formula says, and
not 1 / C. And features are brought to a mean squared length of 1, so that their unit does not matter.

Cost O(n r^2), r = min(n, d), less where classes are small: each class is worked on its smaller side. Bounds: from 0 (ln
det is concave), no upper one. Fails where n <= d: any n_c items then take fewer directions than n do, so that it is
large on any labels and speaks of how evenly the features spread rather than of the classes. Wide features score higher
than narrow ones. A class weighs as its share of the items.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.principal_axes import PrincipalAxes
from transferkit.ops.scores.discriminant import class_means
from transferkit.ops.scores.inputs import checked_labels, principal_axes
from transferkit.ops.scores.score import Score

DISTORTION = 1e-4
"""The paper's."""


def transrate(
    features: np.ndarray | PrincipalAxes, labels: np.ndarray, *, distortion: float = DISTORTION, own_means: bool = True
) -> float:
    """TransRate of features (n, d) for class numbers (n,); nats, higher is better.

    `distortion` is a share of the items' mean squared length; `own_means=False` is the published form.

    >>> points = np.array([[0.0], [0.1], [0.2], [1.0], [1.1], [1.2]])
    >>> transrate(points, np.array([0, 0, 0, 1, 1, 1])) > transrate(points, np.array([0, 1, 0, 1, 0, 1])) > 0
    True
    """
    axes = principal_axes(features)
    labels = checked_labels(labels, len(axes))
    labels = np.unique(labels, return_inverse=True)[1]
    items = axes.coordinates / np.sqrt(axes.distances.mean() * distortion)
    counts, means = class_means(items, labels)
    if own_means:
        items = items - means[labels]
    rate = np.log1p(axes.squares / (axes.distances.sum() * distortion)).sum()
    inside = sum(count * _log_determinant(items[labels == c]) for c, count in enumerate(counts)) / len(axes)
    return max(0.5 * float(rate - inside), 0.0)


def _log_determinant(items: np.ndarray) -> float:
    """ln det(I + Z'Z / n) of items (n, r), on the smaller side."""
    n, r = items.shape
    products = (items.T @ items if n > r else items @ items.T) / n
    products.flat[:: len(products) + 1] += 1
    return float(np.linalg.slogdet(products)[1])


SCORE = Score(function=transrate, needs=("axes", "labels"), low="0", high="inf", imbalance="share")
