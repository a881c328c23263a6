"""What every score asks of its arguments, checked at the door: finite features that vary, one label an item."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from transferkit.ops.principal_axes import PrincipalAxes


def checked_features(features: np.ndarray) -> np.ndarray:
    """Features (n, d) as float64; refuses what no score can be computed from."""
    return _checked(features).astype(np.float64)


def principal_axes(features: np.ndarray | PrincipalAxes) -> PrincipalAxes:
    """The axes as they are, or those of features (n, d), refused where no score can be computed from them."""
    features = checked_items(features)
    return features if isinstance(features, PrincipalAxes) else PrincipalAxes.of(features)


def checked_items(features: np.ndarray | PrincipalAxes) -> np.ndarray | PrincipalAxes:
    """Features (n, d) of the type they are; axes have been checked before they were made."""
    return features if isinstance(features, PrincipalAxes) else _checked(features)


def _checked(features: np.ndarray) -> np.ndarray:
    features = np.asarray(features)
    if features.ndim != 2 or features.shape[0] < 2 or features.shape[1] < 1:
        raise ValueError(f"features must be a table of two items or more, got shape {features.shape}")
    if not np.isfinite(features).all():
        row = int(np.flatnonzero(~np.isfinite(features).all(axis=1))[0])
        raise ValueError(f"the features of item {row} are not finite")
    if (features == features[0]).all():
        raise ValueError("the features are the same for every item: nothing that tells the items apart reaches them")
    return features


def checked_labels(labels: np.ndarray, n: int) -> np.ndarray:
    """Labels (n,) as class numbers 0, 1, ...; refuses fewer than two classes."""
    labels = np.asarray(labels)
    if labels.shape != (n,):
        raise ValueError(f"{n} items need {n} labels, got shape {labels.shape}")
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0:
        raise ValueError("labels must be class numbers 0, 1, ...")
    if labels.min() == labels.max():
        raise ValueError("all items are of one class")
    return labels.astype(np.int64)


def one_hot(labels: np.ndarray, n_classes: int) -> np.ndarray:
    """(n, n_classes) with a 1 at each item's class."""
    table: np.ndarray = np.eye(n_classes)[labels]
    return table


def sparse_one_hot(labels: np.ndarray) -> csr_array:
    """The same for classes that all occur, as a sparse matrix: its products cost n and not n times the classes."""
    n = len(labels)
    return csr_array((np.ones(n), labels, np.arange(n + 1)))


def balancing_weights(labels: np.ndarray) -> np.ndarray:
    """(n,) weights of mean 1 under which every class that occurs counts alike."""
    counts = np.bincount(labels)
    weights: np.ndarray = len(labels) / (np.count_nonzero(counts) * counts[labels])
    return weights
