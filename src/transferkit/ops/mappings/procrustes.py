"""Procrustes: the rotation (and reflection, and scale) that lays one feature space onto another.

    maximise over R, R^T R = I or R R^T = I:  sum_i w_i <x_i R, y_i>
    X^T W Y = U S V^T,   R = U V^T,   scale = tr(S) / sum_i w_i |x_i R|^2

of centred rows. Schönemann 1966; for spaces with as many or more columns on the right this also minimises sum |x_i R
- y_i|^2; for fewer on the right R^T is that minimiser from right to left. Distances are kept, so nothing is fitted to
noise but an angle. Differs: directions of which the pairs say nothing - two classes tell one - are mapped to the
centre and not to a whim of the decomposition.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.mappings.pairs import checked_pairs
from transferkit.ops.mappings.space_map import SpaceMap, linear

SILENT = 1e-9
"""Share of the largest singular value below which the pairs say nothing of a direction."""


def procrustes(x: np.ndarray, y: np.ndarray, scaling: bool = True, weights: np.ndarray | None = None) -> SpaceMap:
    """The orthogonal map from x (n, d) to y (n, k), row i of one belonging to row i of the other; d and k may differ.

    `scaling`: also one factor for all columns; without it lengths stay as they are. `chosen` has `scale` and `rank`,
    the number of directions the pairs tell of.

    >>> turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    >>> x = np.random.default_rng(0).normal(size=(10, 2))
    >>> procrustes(x, 3 * x @ turn + 1).matrix.round(6) + 0.0
    array([[ 0.,  3.],
           [-3.,  0.]])
    """
    x, y, weights = checked_pairs(x, y, weights)
    centre, target_centre = weights @ x / len(x), weights @ y / len(x)
    rotation, strengths = rotation_of((x - centre).T @ ((y - target_centre) * weights[:, None]))
    scale = 1.0
    if scaling:
        length = float((weights @ np.square((x - centre) @ rotation)).sum())
        scale = float(strengths.sum()) / length if length > 0 else 1.0
    rank = float((strengths > 0).sum())
    return linear(scale * rotation, centre, target_centre, {"scale": scale, "rank": rank})


def rotation_of(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The partial isometry (d, k) nearest to a covariance (d, k) of two spaces, and its singular values, silent ones
    as 0."""
    left, values, right = np.linalg.svd(covariance, full_matrices=False)
    told = values > SILENT * values[0] if values[0] > 0 else np.zeros(len(values), dtype=bool)
    rotation: np.ndarray = left[:, told] @ right[told]
    return rotation, np.where(told, values, 0.0)
