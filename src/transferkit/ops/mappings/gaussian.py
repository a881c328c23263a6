"""Gaussian: f between two clouds of which no row of one belongs to a row of the other, by their means and covariances.

One space, the optimal transport of one normal distribution into another (Olkin & Pukelsheim 1982):

    f(x) = m_y + (x - m_x) Cx^-1/2 (Cx^1/2 Cy Cx^1/2)^1/2 Cx^-1/2

Two spaces, the Gromov-Wasserstein transport among normal distributions (Delon, Desolneux & Salmona 2022,
arXiv:2104.07970): the j-th principal axis goes to the j-th, stretched; the sign of each is not told by covariances,
so it is taken from labels of some rows where there are any, else from the skewness along the axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from transferkit.ops.mappings.pairs import checked_clouds, class_pairs
from transferkit.ops.mappings.space_map import SpaceMap, linear

ABSENT = 1e-10


def gaussian_transport(x: np.ndarray, y: np.ndarray, ridge: float = 0.0) -> SpaceMap:
    """The cheapest map that gives x (n, d) the mean and covariance of y (m, d), in one space.

    `ridge`: added to both variances, in units of their mean; needed where rows are fewer than columns.

    >>> x = np.random.default_rng(0).normal(size=(50, 2))
    >>> gaussian_transport(x, 2 * x + 5).matrix.round(6) + 0.0
    array([[2., 0.],
           [0., 2.]])
    """
    x, y = checked_clouds(x, y)
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"x has {x.shape[1]} columns and y {y.shape[1]}; in two spaces use principal_axes_map")
    covariances = [_covariance(part, ridge) for part in (x, y)]
    root, inverse = _roots(covariances[0])
    middle, _ = _roots(root @ covariances[1] @ root)
    return linear(inverse @ middle @ inverse, x.mean(axis=0), y.mean(axis=0))


def principal_axes_map(
    x: np.ndarray,
    y: np.ndarray,
    x_labels: Sequence[Any] | None = None,
    y_labels: Sequence[Any] | None = None,
    n_components: int | None = None,
) -> SpaceMap:
    """The map that lays each principal axis of x (n, d) on the one of the same rank of y (m, k), with its variance.

    Labels (None for an unknown one) of rows of both tell which way round an axis lies. Right where both clouds are of
    the same things and the variances along their axes differ clearly; a guess where they do not.

    >>> x = np.random.default_rng(0).gamma(1.0, size=(500, 3)) * [4, 2, 1]
    >>> f = principal_axes_map(x, x[:, [2, 0, 1]] * [1, 1, -1])
    >>> bool(np.abs(f(x) - x[:, [2, 0, 1]] * [1, 1, -1]).mean() < 0.3)
    True
    """
    x, y = checked_clouds(x, y)
    centre, target_centre = x.mean(axis=0), y.mean(axis=0)
    (x_axes, x_lengths), (y_axes, y_lengths) = _axes(x - centre), _axes(y - target_centre)
    used = min(len(x_lengths), len(y_lengths), n_components or len(x_lengths))
    x_axes, y_axes = x_axes[:, :used], y_axes[:, :used]
    if not used:
        return linear(np.zeros((x.shape[1], y.shape[1])), centre, target_centre, {"n_components": 0.0})
    signs = _skewness((x - centre) @ x_axes) * _skewness((y - target_centre) @ y_axes)
    if x_labels is not None and y_labels is not None:
        told = _by_labels((x - centre) @ x_axes, x_labels, (y - target_centre) @ y_axes, y_labels)
        signs = np.where(told == 0, signs, told)
    stretched = np.where(signs < 0, -1.0, 1.0) * y_lengths[:used] / x_lengths[:used]
    return linear((x_axes * stretched) @ y_axes.T, centre, target_centre, {"n_components": float(used)})


def _by_labels(x: np.ndarray, x_labels: Sequence[Any], y: np.ndarray, y_labels: Sequence[Any]) -> np.ndarray:
    """(r,) whether the class means go together along each axis; 0 where fewer than two classes are shared."""
    known = [np.array([label is not None for label in labels], dtype=bool) for labels in (x_labels, y_labels)]
    named = [[label for label in labels if label is not None] for labels in (x_labels, y_labels)]
    try:
        rows, means, weights = class_pairs(x[known[0]], named[0], y[known[1]], named[1])
    except ValueError:
        return np.zeros(x.shape[1])  # the labels tell nothing; the skewness has to
    rows, means = rows - weights @ rows / len(rows), means - weights @ means / len(means)
    together: np.ndarray = weights @ (rows * means)
    return together


def _axes(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Principal axes (d, r) and the deviation (r,) along each, the longest first."""
    _, lengths, axes = np.linalg.svd(centred, full_matrices=False)
    there = lengths > ABSENT**0.5 * max(float(lengths[0]), 1e-150)
    return axes[there].T, lengths[there] / np.sqrt(len(centred))


def _skewness(scores: np.ndarray) -> np.ndarray:
    third: np.ndarray = np.mean(scores**3, axis=0)
    return third


def _covariance(rows: np.ndarray, ridge: float) -> np.ndarray:
    covariance = np.atleast_2d(np.cov(rows, rowvar=False, bias=True))
    made: np.ndarray = covariance + ridge * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    return made


def _roots(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Square root and inverse square root of a symmetric matrix, over the directions that are there."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    there = values > ABSENT * max(float(values[-1]), 1e-300)
    root = np.sqrt(np.where(there, values, 0.0))
    inverse = np.where(there, 1 / np.where(there, root, 1.0), 0.0)
    return (vectors * root) @ vectors.T, (vectors * inverse) @ vectors.T
