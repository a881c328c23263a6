"""Geodesic flow kernel: inner products over all subspaces on the way from the source's to the target's.

Gong, Shi, Sha & Grauman 2012, "Geodesic flow kernel for unsupervised domain adaptation", equations 4-6. With the geodesic
Phi(t) = P_s U cos(t theta) - R sin(t theta), t from 0 to 1, the kernel is x' G y with

    G = integral Phi(t) Phi(t)' dt = [P_s U, R] [[a, b], [b, c]] [P_s U, R]'
    a = (1 + sin(2 theta) / (2 theta)) / 2,   b = (cos(2 theta) - 1) / (4 theta),   c = (1 - sin(2 theta) / (2 theta)) / 2

for the principal angles theta. Differs: angles come from their sines and cosines both (an arc cosine alone loses those below
1e-8), R from what the target's directions have beside the source's, so no basis of all that is orthogonal is needed; G's
square root makes it a linear map.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.alignment.contract import Alignment
from transferkit.ops.alignment.subspaces import principal_bases
from transferkit.ops.feature_maps.affine import Affine


def geodesic_flow_root(source_basis: np.ndarray, target_basis: np.ndarray) -> np.ndarray:
    """F (d, 2k) with F F' = G, for orthonormal bases (d, k) of two subspaces.

    >>> root = geodesic_flow_root(np.array([[1.0], [0.0]]), np.array([[0.0], [1.0]]))
    >>> (root @ root.T).round(3)
    array([[0.5  , 0.318],
           [0.318, 0.5  ]])
    """
    left, cosines, right = np.linalg.svd(source_basis.T @ target_basis)
    start = source_basis @ left  # (d, k)
    beside = start * cosines - target_basis @ right.T  # R sin(theta), (d, k)
    sines = np.linalg.norm(beside, axis=0)
    angles = np.arctan2(sines, cosines)
    towards = np.divide(beside, sines, out=np.zeros_like(beside), where=sines > 1e-12)
    even = np.sinc(2 * angles / np.pi)  # sin(2 theta) / (2 theta)
    a, c = (1 + even) / 2, (1 - even) / 2
    b = -np.sin(angles) * np.sinc(angles / np.pi) / 2  # (cos(2 theta) - 1) / (4 theta)
    blocks = np.stack([np.stack([a, b], -1), np.stack([b, c], -1)], -2)  # (k, 2, 2)
    values, vectors = np.linalg.eigh(blocks)
    roots = vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]  # (k, 2, 2)
    made: np.ndarray = np.einsum("sdk,ksj->dkj", np.stack([start, towards]), roots).reshape(len(source_basis), -1)
    return made


def geodesic_flow(source: np.ndarray, target: np.ndarray, *, n_components: int | None = None) -> Alignment:
    """Source (n_s, d), target (n_t, d), each about its own mean. `n_components`: k; None: as many as the domains agree on."""
    (source_mean, of_source), (target_mean, of_target) = principal_bases(source, target, n_components)
    root = geodesic_flow_root(of_source, of_target)
    maps = Affine(root, -source_mean @ root), Affine(root, -target_mean @ root)
    return Alignment.by(source, target, (maps[0],), (maps[1],), n_components=of_source.shape[1])
