"""Subspace alignment: turn the principal axes of the source onto those of the target.

Fernando, Habrard, Sebban & Tuytelaars 2013, "Unsupervised visual domain adaptation using subspace alignment",
equation 3: with P_s and P_t (d, k) the leading principal directions of each domain, source items become x P_s P_s'
P_t and target items x P_t, each about the mean of its own domain.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.alignment.contract import Alignment
from transferkit.ops.alignment.subspaces import principal_bases
from transferkit.ops.feature_maps.affine import Affine


def subspace_alignment(source: np.ndarray, target: np.ndarray, *, n_components: int | None = None) -> Alignment:
    """Source (n_s, d), target (n_t, d). `n_components`: None: as many as the domains agree on.

    >>> draw = np.random.default_rng(0)
    >>> subspace_alignment(draw.normal(size=(50, 9)), draw.normal(size=(40, 9)), n_components=3).source.shape
    (50, 3)
    """
    (source_mean, of_source), (target_mean, of_target) = principal_bases(source, target, n_components)
    turned = of_source @ (of_source.T @ of_target)  # (d, k)
    maps = Affine(turned, -source_mean @ turned), Affine(of_target, -target_mean @ of_target)
    return Alignment.by(source, target, (maps[0],), (maps[1],), n_components=turned.shape[1])
