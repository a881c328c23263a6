"""Displacement: f(x) = x + (what the nearest anchor was moved by), the way of transported items to new ones.

Ferradans, Papadakis, Peyré & Aujol 2014, section 4.2 (also Courty et al. 2017, section 4.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.ops.feature_maps.contract import FeatureMap


@dataclass(frozen=True, eq=False)
class Displacement(FeatureMap):
    """Anchors and where each of them went.

    >>> Displacement(np.array([[0.0], [10.0]]), np.array([[1.0], [-1.0]]))(np.array([[0.5], [9.0]])).tolist()
    [[1.5], [8.0]]
    """

    anchors: np.ndarray
    """(m, d)"""
    moves: np.ndarray
    """(m, d) what is added to an item whose nearest anchor it is."""

    def __call__(self, features: np.ndarray) -> np.ndarray:
        from scipy.spatial import cKDTree

        items = np.asarray(features, dtype=np.float64)
        moved: np.ndarray = items + self.moves[cKDTree(self.anchors).query(items)[1]]
        return moved

    def arrays(self) -> dict[str, np.ndarray]:
        return {"anchors": self.anchors, "moves": self.moves}


def build(settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Displacement:
    """From what `arrays` gave."""
    return Displacement(arrays["anchors"], arrays["moves"])
