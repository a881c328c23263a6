"""Pairs: rows of two feature spaces that belong together - given, or made of classes that both spaces have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from transferkit.ops.ridge import scaled_weights


def checked_pairs(
    x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x (n, d), y (n, k) as float64 and weights (n,) of mean 1; ValueError where rows do not pair up or are not
    finite."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.ndim != 2 or y.ndim != 2 or len(x) != len(y) or len(x) < 2 or not x.shape[1] or not y.shape[1]:
        raise ValueError(f"x is {x.shape} and y {y.shape}; expected (n, d) and (n, k) with the same n, at least 2")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("x or y holds a value that is not finite")
    return x, y, scaled_weights(weights, len(x))


def checked_clouds(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x (n, d), y (m, k) as float64, no row of one belonging to a row of the other; ValueError where they cannot
    serve."""
    x, y = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if x.ndim != 2 or y.ndim != 2 or min(len(x), len(y)) < 2 or not x.shape[1] or not y.shape[1]:
        raise ValueError(f"x is {x.shape} and y {y.shape}; expected (n, d) and (m, k) with at least 2 rows each")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise ValueError("x or y holds a value that is not finite")
    return x, y


def class_pairs(
    x: np.ndarray, x_labels: Sequence[Any], y: np.ndarray, y_labels: Sequence[Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each row of x with the mean of y's rows of its class: rows (p, d), means (p, k), weights (p,) by which classes
    count alike.

    What least squares and Procrustes make of these is what they make of the class means themselves, but for the
    ridge, which then also sees how x varies within a class. Rows of classes that only one side has are left out.
    ValueError where fewer than two classes are shared.

    >>> x, means, _ = class_pairs(np.eye(3), ["a", "b", "c"], np.array([[1.0], [3.0], [7.0]]), ["a", "a", "b"])
    >>> x.shape, means.ravel()
    ((2, 3), array([2., 7.]))
    """
    x_names, y_names = np.asarray(x_labels, dtype=object), np.asarray(y_labels, dtype=object)
    shared = sorted(set(x_names.tolist()) & set(y_names.tolist()), key=str)
    if len(shared) < 2:
        raise ValueError(f"classes are matched by their names, and {len(shared)} of at least 2 are in both spaces")
    rows = [np.flatnonzero(x_names == name) for name in shared]
    means = [y[y_names == name].mean(axis=0) for name in shared]
    return (
        np.asarray(x, dtype=np.float64)[np.concatenate(rows)],
        np.repeat(np.asarray(means, dtype=np.float64), [len(one) for one in rows], axis=0),
        scaled_weights(np.concatenate([np.full(len(one), 1 / len(one)) for one in rows]), sum(map(len, rows))),
    )


def spread(rows: np.ndarray, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean (d,) and deviation (d,) of rows (n, d); the deviation of what is constant is given as 1."""
    weights = scaled_weights(weights, len(rows))
    mean = weights @ rows / len(rows)
    deviation = np.sqrt(weights @ np.square(rows - mean) / len(rows))
    return mean, np.where(deviation > 1e-8 * (1 + np.abs(mean)), deviation, 1.0)
