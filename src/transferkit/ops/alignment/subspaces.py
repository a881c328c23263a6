"""Subspaces: the principal subspace of each domain, and how many dimensions of it the domains can agree on."""

from __future__ import annotations

import numpy as np

from transferkit.ops.alignment.contract import evenly

MOST_ITEMS = 5000
"""Of a domain from which its subspace is found."""
MOST_DIMENSIONS = 100
"""That are looked at to choose their number."""
DISAGREES = 0.99
"""Sine of an angle from which on two subspaces share nothing more; the paper's 1, but for noise."""

Basis = tuple[np.ndarray, np.ndarray]
"""Mean (d,) of items and orthonormal directions (d, k) in which they vary, the widest first."""


def principal_bases(source: np.ndarray, target: np.ndarray, n_components: int | None = None) -> tuple[Basis, Basis]:
    """Of source (n_s, d) and target (n_t, d), as many directions of each. None: as many as the domains agree on."""
    most = n_components or MOST_DIMENSIONS
    (source_mean, of_source), (target_mean, of_target) = principal_basis(source, most), principal_basis(target, most)
    k = min(of_source.shape[1], of_target.shape[1])
    if n_components is None:
        k = agreed_dimensions(of_source, of_target, principal_basis(np.concatenate([source, target]), most)[1])
    return (source_mean, of_source[:, :k]), (target_mean, of_target[:, :k])


def principal_basis(items: np.ndarray, most: int | None = None) -> Basis:
    """Of items (n, d), as many directions as their rank, or `most`.

    >>> principal_basis(np.array([[1.0, 5.0], [-1.0, 5.0]]))[1].tolist()
    [[1.0], [0.0]]
    """
    from scipy.linalg import eigh

    mean = items.mean(0)
    centred = items[evenly(len(items), MOST_ITEMS)] - mean
    n, d = centred.shape
    first = max(0, min(n, d) - (most or d))
    values, vectors = eigh(
        centred @ centred.T if n < d else centred.T @ centred, subset_by_index=(first, min(n, d) - 1), overwrite_a=True
    )
    kept = values > max(n, d) * np.finfo(np.float64).eps * max(values[-1], np.finfo(np.float64).tiny)
    values, vectors = values[kept][::-1], vectors[:, kept][:, ::-1]
    if n < d:
        vectors = centred.T @ (vectors / np.sqrt(values))
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])])
    return mean, vectors * signs


def agreed_dimensions(of_source: np.ndarray, of_target: np.ndarray, of_both: np.ndarray) -> int:
    """The number of dimensions by the subspace disagreement measure of Gong et al. 2012, section 4.1, which needs no label,
    of the principal directions (d, r) of each domain and of both together.

    D(k) = (sin a_k + sin b_k) / 2, with a_k and b_k the k-th principal angles between the subspace of both domains
    together and that of each; the first k at which D is 1, where a direction would be brought in that the domains do
    not share. Where it never is, all dimensions.
    """
    most: int = min(MOST_DIMENSIONS, *(basis.shape[1] for basis in (of_source, of_target, of_both)))
    for k in range(1, most + 1):
        cosines = [np.linalg.svd(of_both[:, :k].T @ one[:, :k], compute_uv=False)[-1] for one in (of_source, of_target)]
        sines = np.sqrt(np.maximum(0.0, 1 - np.square(cosines)))
        if sines.mean() >= DISAGREES:
            return k
    return most
