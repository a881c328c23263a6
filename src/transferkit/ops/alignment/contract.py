"""Sides and Alignment: two domains, and where each of them is taken, as fitted maps that new items can go through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from transferkit.ops.feature_maps.contract import FeatureMap

Maps = tuple[FeatureMap, ...]
"""One after the other; none: items stay where they are."""


@dataclass(frozen=True, eq=False)
class Sides:
    """Two domains that are to be brought together."""

    source: np.ndarray
    """(n_s, d)"""
    target: np.ndarray
    """(n_t, d)"""
    source_classes: np.ndarray | None = None
    """(n_s,) int; None where the task has no classes."""
    target_classes: np.ndarray | None = None
    """(n_t,) int, -1 where a target item has none; None where the task has no classes."""

    def with_classes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """All four, for what aligns class by class."""
        if self.source_classes is None or self.target_classes is None:
            raise ValueError("it aligns class by class, and there are no classes")
        return self.source, self.target, self.source_classes, self.target_classes


@dataclass(frozen=True, eq=False)
class Alignment:
    """Two domains in one space, and the way there."""

    source: np.ndarray
    """(n_s, k) the source items it was fitted to, aligned."""
    target: np.ndarray
    """(n_t, k) the target items it was fitted to, aligned."""
    source_maps: Maps = ()
    """What an item of the source goes through."""
    target_maps: Maps = ()
    """What an item of the target goes through."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was chosen on the way: {"n_components": 12}."""

    @classmethod
    def by(
        cls, source: np.ndarray, target: np.ndarray, source_maps: Maps, target_maps: Maps, **settings: Any
    ) -> Alignment:
        """The fitted items sent through the maps; source (n_s, d), target (n_t, d)."""
        return cls(through(source, source_maps), through(target, target_maps), source_maps, target_maps, settings)


def through(items: np.ndarray, maps: Maps) -> np.ndarray:
    """Items (n, d) through each map in turn -> (n, k)."""
    for one in maps:
        items = one(items)
    return items


def evenly(n: int, most: int) -> np.ndarray:
    """Indices of at most `most` of n items, evenly spaced.

    >>> evenly(9, 3).tolist()
    [0, 4, 8]
    """
    return np.arange(n) if n <= most else np.linspace(0, n - 1, most).round().astype(np.int64)
