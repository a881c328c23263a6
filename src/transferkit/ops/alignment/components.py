"""Components: the directions in which items vary much and domains differ little.

    maximise  tr(w'Z'HZw)  with  w'(Z'E E'Z + penalty I)w = I

that is, the leading eigenvectors of the pencil (Z'HZ, Z'EE'Z + penalty I): Z (n, r) a `Design`, E (n, q) one column a
mean that is to be the same in both domains. (Often taken instead: `eigh` of (Z'EE'Z + penalty I)^-1 Z'HZ, which is
not symmetric, so that half of it is not looked at; or an ordinary eigenproblem whose vectors are orthogonal in the
wrong metric.) EE' has rank q, so the square root of the right-hand matrix is known in closed form and what is left is
one symmetric problem, of which the leading k are enough.
"""

from __future__ import annotations

import numpy as np

FEW = 0.1
"""Share of all directions up to which the leading ones alone are iterated for."""
HALF = 0.5
"""Share of what a direction costs from which on it is said to tell domains apart, not items."""
MOST = 30
"""Directions where their number is not given."""
SMALL = 300
"""Directions up to which all are found at once."""


def mean_gap(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """e (n_s + n_t,) with e'x the difference of the means over two sets of items, given by masks (n_s,) and (n_t,); 0
    where one is empty.

    >>> mean_gap(np.array([True, True]), np.array([True, False])).tolist()
    [0.5, 0.5, -1.0, -0.0]
    """
    if not source.any() or not target.any():
        return np.zeros(len(source) + len(target))
    return np.concatenate([source / source.sum(), -1.0 * target / target.sum()])


def leading_components(scatter: np.ndarray, gaps: np.ndarray, penalty: float, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Directions w (r, k) and what they maximise (k,), the largest first.

    scatter: Z'HZ (r, r). gaps: Z'E (r, q). w'(gaps gaps' + penalty I)w = I. Directions without variance are left out, so that
    there may be fewer than k.

    >>> leading_components(np.diag([4.0, 9.0]), np.array([[0.0], [3.0]]), 1.0, 1)[1].round(6).tolist()
    [4.0]
    """
    left, sizes, _ = np.linalg.svd(gaps, full_matrices=False)
    taken = left * (1 - 1 / np.sqrt(1 + sizes**2 / penalty))  # (r, q)

    def half(rows: np.ndarray) -> np.ndarray:
        """(gaps gaps' + penalty I)^(-1/2) rows."""
        made: np.ndarray = (rows - taken @ (left.T @ rows)) / np.sqrt(penalty)
        return made

    symmetric = half(half(scatter).T)
    values, vectors = _leading((symmetric + symmetric.T) / 2, k)
    kept = values > len(scatter) * np.finfo(np.float64).eps * max(values[0], np.finfo(np.float64).tiny)
    directions = half(vectors[:, kept])
    return directions * _signs(directions), values[kept]


def worth_keeping(directions: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """(k,) True where differences between the domains make up less than half of w'(gaps gaps' + penalty I)w = 1.

    The others vary because the domains differ. All are kept where none would be left.
    """
    kept: np.ndarray = ((gaps.T @ directions) ** 2).sum(0) < HALF
    return kept if kept.any() else ~kept


def of_unit_variance(directions: np.ndarray, scatter: np.ndarray, n: int) -> np.ndarray:
    """Directions (r, k) scaled so that the n items have variance 1 along each."""
    variances = np.einsum("rk,rs,sk->k", directions, scatter, directions, optimize=True) / n
    scaled: np.ndarray = directions / np.sqrt(variances)
    return scaled


def _leading(matrix: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k largest eigenvalues of a symmetric matrix with their vectors, the largest first; the same numbers every time."""
    from scipy import linalg
    from scipy.sparse.linalg import ArpackNoConvergence, eigsh

    size = len(matrix)
    k = min(k, size)
    if size > SMALL and k <= FEW * size:
        start = 1 + np.arange(size) % 7 / 7.0  # any fixed vector; a constant one is what centred problems have at 0
        try:
            values, vectors = eigsh(matrix, k, which="LA", v0=start)
            order = np.argsort(values)[::-1]
            return values[order], vectors[:, order]
        except ArpackNoConvergence:  # eigenvalues too close together: find them all at once
            pass
    values, vectors = linalg.eigh(matrix, subset_by_index=[size - k, size - 1])
    return values[::-1], vectors[:, ::-1]


def _signs(directions: np.ndarray) -> np.ndarray:
    """(k,) +1 or -1 that make the largest entry of each direction positive."""
    signs: np.ndarray = np.sign(directions[np.abs(directions).argmax(axis=0), np.arange(directions.shape[1])])
    return signs
