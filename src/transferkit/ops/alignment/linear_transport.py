"""Linear transport: the optimal transport of one Gaussian onto another, which is a linear map.

Flamary, Lounici & Ferrari 2019, arXiv:1905.10155 (the map: Dowson & Landau 1982; Takatsu 2011):

    x -> (x - m_s) A + m_t,    A = C_s^(-1/2) (C_s^(1/2) C_t C_s^(1/2))^(1/2) C_s^(-1/2)

A is symmetric and positive: of all linear maps that give the source the target's covariance it moves items least, where
recolouring may turn them on the way.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.alignment.contract import Alignment
from transferkit.ops.alignment.covariance import Covariance, covariance, map_between
from transferkit.ops.feature_maps.affine import Affine


def linear_transport(source: np.ndarray, target: np.ndarray, *, ridge: float | None = None) -> Alignment:
    """Source (n_s, d), target (n_t, d). `ridge`: added to both covariances; None: both are shrunk optimally.

    >>> draw = np.random.default_rng(0)
    >>> items = draw.normal(size=(200, 2))
    >>> aligned = linear_transport(items, items * [2, 5] + 1, ridge=0.0)
    >>> np.allclose(aligned.source, items * [2, 5] + 1)
    True
    """
    of_source, of_target = covariance(source, ridge), covariance(target, ridge)
    matrix = map_between(of_source, of_target, _optimal)
    return Alignment.by(source, target, (Affine(matrix, of_target.mean - of_source.mean @ matrix),), ())


def _optimal(source: Covariance, target: Covariance) -> np.ndarray:
    """A of the two covariances."""
    root, inverse = source.power(0.5), source.power(-0.5)
    inner = root @ target.power(1.0) @ root
    values, vectors = np.linalg.eigh((inner + inner.T) / 2)
    return np.asarray(inverse @ (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T @ inverse)
