"""Scaling: f(x) = (x - centre) / scale, column by column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.ops.feature_maps.contract import FeatureMap


@dataclass(frozen=True, eq=False)
class Scaling(FeatureMap):
    """Two numbers a column.

    >>> Scaling(np.array([1.0]), np.array([2.0]))(np.array([[5.0]]))
    array([[2.]])
    """

    centre: np.ndarray
    """(d,)"""
    scale: np.ndarray
    """(d,) not 0."""

    def __call__(self, features: np.ndarray) -> np.ndarray:
        scaled: np.ndarray = (np.asarray(features, dtype=np.float64) - self.centre) / self.scale
        return scaled

    def arrays(self) -> dict[str, np.ndarray]:
        return {"centre": self.centre, "scale": self.scale}


def build(settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Scaling:
    """From what `arrays` gave."""
    return Scaling(arrays["centre"], arrays["scale"])
