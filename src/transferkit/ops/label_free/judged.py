"""Judged: what one model says of unlabelled target items and of held-out source items; all that label-free scores see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False, kw_only=True)
class Judged:
    """One model's word on items it did not learn the labels of. Checked and made float64 when it is built.

    The source part is absent where the source's data are (a lent model alone); the scores that need it are then left out.

    >>> judged = Judged(target_probabilities=np.array([[0.9, 0.1], [0.4, 0.6]]))
    >>> judged.target_classes
    array([0, 1])
    """

    target_probabilities: np.ndarray
    """(n_t, C)"""
    target_features: np.ndarray | None = None
    """(n_t, d) what the model's head reads."""
    source_probabilities: np.ndarray | None = None
    """(n_s, C) of items that were held out when the model was trained."""
    source_labels: np.ndarray | None = None
    """(n_s,) int, the column of each item's true class."""
    source_features: np.ndarray | None = None
    """(n_s, d)"""

    def __post_init__(self) -> None:
        target = _probabilities(self.target_probabilities, "target")
        features = _features(self.target_features, "target", len(target))
        object.__setattr__(self, "target_probabilities", target)
        object.__setattr__(self, "target_features", features)
        if (self.source_probabilities is None) != (self.source_labels is None):
            raise ValueError("source probabilities and source labels come together or not at all")
        if self.source_probabilities is None or self.source_labels is None:
            if self.source_features is not None:
                raise ValueError("source features need source probabilities and labels beside them")
            return
        source = _probabilities(self.source_probabilities, "source")
        if source.shape[1] != target.shape[1]:
            raise ValueError(f"the source has {source.shape[1]} classes and the target {target.shape[1]}")
        source_features = _features(self.source_features, "source", len(source))
        if features is not None and source_features is not None and features.shape[1] != source_features.shape[1]:
            raise ValueError(f"source features have width {source_features.shape[1]}, target ones {features.shape[1]}")
        object.__setattr__(self, "source_probabilities", source)
        object.__setattr__(self, "source_labels", _labels(self.source_labels, *source.shape))
        object.__setattr__(self, "source_features", source_features)

    @property
    def n_classes(self) -> int:
        """C."""
        return int(self.target_probabilities.shape[1])

    @property
    def target_classes(self) -> np.ndarray:
        """(n_t,) int, the most likely class of each target item; of equals the first."""
        classes: np.ndarray = self.target_probabilities.argmax(axis=1)
        return classes

    @property
    def has_source(self) -> bool:
        """Whether there are held-out source items."""
        return self.source_probabilities is not None

    def held_out(self) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities (n_s, C) and labels (n_s,) of the held-out source items; ValueError where there are none."""
        if self.source_probabilities is None or self.source_labels is None:
            raise ValueError("this score needs held-out source items with their labels, and there are none")
        return self.source_probabilities, self.source_labels

    def both_features(self) -> tuple[np.ndarray, np.ndarray]:
        """Features of source (n_s, d) and target (n_t, d); ValueError where one is absent."""
        if self.source_features is None or self.target_features is None:
            raise ValueError("this score needs features of the source and of the target items")
        return self.source_features, self.target_features


def _probabilities(given: np.ndarray, side: str) -> np.ndarray:
    table = np.asarray(given, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] < 2 or table.shape[1] < 2:
        raise ValueError(
            f"{side} probabilities must be a table of two items and two classes or more, got {table.shape}"
        )
    finite = np.isfinite(table).all(axis=1)
    if not finite.all():
        raise ValueError(f"the {side} probabilities of item {int(np.flatnonzero(~finite)[0])} are not finite")
    sums = table.sum(axis=1)
    wrong = (table < 0).any(axis=1) | (np.abs(sums - 1) > 1e-3)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(f"the {side} probabilities of item {row} sum to {sums[row]:.4g} or hold a negative number")
    normalised: np.ndarray = table / sums[:, None]
    return normalised


def _features(given: np.ndarray | None, side: str, n: int) -> np.ndarray | None:
    if given is None:
        return None
    table = np.asarray(given, dtype=np.float64)
    if table.ndim != 2 or len(table) != n or table.shape[1] < 1:
        raise ValueError(f"{n} {side} items need {n} rows of features, got shape {table.shape}")
    finite = np.isfinite(table).all(axis=1)
    if not finite.all():
        raise ValueError(f"the {side} features of item {int(np.flatnonzero(~finite)[0])} are not finite")
    return table


def _labels(given: np.ndarray, n: int, n_classes: int) -> np.ndarray:
    labels = np.asarray(given)
    if labels.shape != (n,):
        raise ValueError(f"{n} source items need {n} labels, got shape {labels.shape}")
    if not np.issubdtype(labels.dtype, np.integer) or labels.min() < 0 or labels.max() >= n_classes:
        raise ValueError(f"source labels must be class numbers 0 to {n_classes - 1}")
    return labels.astype(np.int64)
