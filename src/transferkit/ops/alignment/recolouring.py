"""Recolouring (CORAL): give source features the target's mean and covariance.

Sun, Feng & Saenko 2016, arXiv:1511.05547, Algorithm 1: with C_s and C_t the covariances plus the identity,

    x -> (x - m_s) C_s^(-1/2) C_t^(1/2) + m_t

for source items; target items stay. Differs: the paper's features have mean 0 in each domain, so it moves no mean;
here it is moved.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.alignment.contract import Alignment
from transferkit.ops.alignment.covariance import covariance, map_between
from transferkit.ops.feature_maps.affine import Affine


def recolouring(source: np.ndarray, target: np.ndarray, *, ridge: float | None = 1.0) -> Alignment:
    """Source (n_s, d) and target (n_t, d), of about unit variance, for the default ridge to mean what it does in the paper.

    `ridge`: added to both covariances; None: both are shrunk optimally instead.

    >>> draw = np.random.default_rng(0)
    >>> aligned = recolouring(draw.normal(size=(500, 2)), draw.normal(3, [1, 4], size=(500, 2)), ridge=1e-9)
    >>> np.allclose(np.cov(aligned.source.T), np.cov(aligned.target.T))
    True
    """
    of_source, of_target = covariance(source, ridge), covariance(target, ridge)
    matrix = map_between(of_source, of_target, lambda ours, theirs: ours.power(-0.5) @ theirs.power(0.5))
    colour = Affine(matrix, of_target.mean - of_source.mean @ matrix)
    return Alignment.by(source, target, (colour,), ())
