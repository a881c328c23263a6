"""Joint distribution adaptation: components in which the domains have the same mean, over all items and in each class.

Long, Wang, Ding, Sun & Yu 2013, "Transfer feature learning with joint distribution adaptation", equation 8 and
Algorithm 1: the leading eigenvectors of (X (M_0 + sum_c M_c) X' + lambda I)^-1 X H X', with M_c = e_c e_c' the
difference of the domains' means of class c. The target's classes are those that the nearest labelled item in the
components has; they and the components are found in turns.

As in the authors' release items have length 1 on average and M is divided by its Frobenius norm, so that lambda means
the same for any data. `balance` is that of balanced distribution adaptation (Wang, Chen, Hao, Feng & Shen 2017,
arXiv:1807.00516): M = 2 (1 - balance) M_0 + 2 balance sum_c M_c. Differs: lengths are brought to 1 in the mean, not
each; known classes of target items stay what they are.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from transferkit.ops.alignment.components import MOST, leading_components, mean_gap, of_unit_variance, worth_keeping
from transferkit.ops.alignment.contract import Alignment, evenly
from transferkit.ops.alignment.design import design
from transferkit.ops.feature_maps.affine import Affine
from transferkit.ops.feature_maps.contract import FeatureMap
from transferkit.ops.feature_maps.kernel import Kernel, KernelName

MOST_ITEMS = 1000
"""Of a domain that components are found from, with a Gaussian kernel."""
MOST_FOR_LINEAR = 5000
"""The same with a linear one, whose problem does not grow with the items."""


def joint_distributions(
    source: np.ndarray,
    target: np.ndarray,
    source_classes: np.ndarray,
    target_classes: np.ndarray,
    *,
    n_components: int | None = None,
    penalty: float = 1.0,
    balance: float = 0.5,
    rounds: int = 10,
    kernel: KernelName = "linear",
    width: float | None = None,
) -> Alignment:
    """Source (n_s, d), target (n_t, d); classes (n_s,) and (n_t,) int, -1 where a target item has none.
    `n_components`: None: 30 at most, without those that tell the domains apart. `penalty`: lambda.

    >>> draw = np.random.default_rng(0)
    >>> items, classes = draw.normal(size=(50, 3)), np.arange(50) % 2
    >>> joint_distributions(items, items + 1, classes, np.full(50, -1), n_components=2).source.shape
    (50, 2)
    """
    most = MOST_ITEMS if kernel == "gaussian" else MOST_FOR_LINEAR
    chosen = evenly(len(source), most), evenly(len(target), most)
    parts = source[chosen[0]], target[chosen[1]]
    ours, given = source_classes[chosen[0]], target_classes[chosen[1]]
    length = np.sqrt((np.concatenate(parts) ** 2).sum(1).mean())
    made = design(np.concatenate(parts) / length, kernel, width, form="primal")
    scatter, n_source = made.scatter, len(ours)
    classes = np.unique(np.concatenate([ours, given[given >= 0]]))
    theirs = given.copy()
    for _ in range(rounds):
        gaps = _gaps(ours, theirs, classes, balance if (theirs >= 0).any() else 0.0)
        gaps = made.rows.T @ gaps
        directions, _ = leading_components(scatter, gaps, penalty, n_components or MOST)
        if n_components is None:
            directions = directions[:, worth_keeping(directions, gaps)]
        directions = of_unit_variance(directions, scatter, len(made.rows))
        components = made.rows @ directions
        found = np.where(given >= 0, given, _nearest(components[:n_source], ours, components[n_source:], given))
        if np.array_equal(found, theirs):
            break
        theirs = found
    maps = (_of_any_length(made.map(directions), float(length)),)
    return Alignment.by(source, target, maps, maps, n_components=directions.shape[1])


def _of_any_length(made: FeatureMap, length: float) -> FeatureMap:
    """What the map gives of items / length, as a map of the items."""
    if isinstance(made, Kernel):
        return replace(made, anchors=made.anchors * length, width=made.width / length**2)
    assert isinstance(made, Affine)
    return replace(made, matrix=made.matrix / length)


def _gaps(ours: np.ndarray, theirs: np.ndarray, classes: np.ndarray, balance: float) -> np.ndarray:
    """(n, 1 + n_classes) E with EE' = M, of Frobenius norm 1."""
    over_all = mean_gap(np.ones(len(ours), dtype=bool), np.ones(len(theirs), dtype=bool))
    of_class = [mean_gap(ours == one, theirs == one) for one in classes]
    gaps = np.stack([over_all * np.sqrt(2 * (1 - balance)), *(gap * np.sqrt(2 * balance) for gap in of_class)], axis=1)
    scaled: np.ndarray = gaps / np.sqrt(np.linalg.norm(gaps.T @ gaps))
    return scaled


def _nearest(source: np.ndarray, ours: np.ndarray, target: np.ndarray, given: np.ndarray) -> np.ndarray:
    """(n_t,) class of the labelled item nearest to each target item."""
    from scipy.spatial import cKDTree

    known = given >= 0
    tree = cKDTree(np.concatenate([source, target[known]]))
    found: np.ndarray = np.concatenate([ours, given[known]])[tree.query(target)[1]]
    return found
