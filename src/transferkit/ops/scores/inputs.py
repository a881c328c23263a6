"""What every score asks of its arguments, checked at the door: finite features that vary, one label an item."""

from __future__ import annotations

import numpy as np


def checked_features(features: np.ndarray) -> np.ndarray:
    """Features (n, d) as float64; refuses what no score can be computed from."""
    features = np.asarray(features)
    if features.ndim != 2 or features.shape[0] < 2 or features.shape[1] < 1:
        raise ValueError(f"features must be a table of two items or more, got shape {features.shape}")
    features = features.astype(np.float64)
    if not np.isfinite(features).all():
        row = int(np.flatnonzero(~np.isfinite(features).all(axis=1))[0])
        raise ValueError(f"the features of item {row} are not finite")
    if not np.ptp(features, axis=0).any():
        raise ValueError("the features are the same for every item")
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


def balancing_weights(labels: np.ndarray) -> np.ndarray:
    """(n,) weights of mean 1 under which every class that occurs counts alike."""
    counts = np.bincount(labels)
    weights: np.ndarray = len(labels) / (np.count_nonzero(counts) * counts[labels])
    return weights
