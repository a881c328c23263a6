"""Affine: f(x) = x A + b."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.ops.feature_maps.contract import FeatureMap


@dataclass(frozen=True, eq=False)
class Affine(FeatureMap):
    """A matrix and an offset.

    >>> Affine(np.array([[2.0]]), np.array([1.0]))(np.array([[3.0]]))
    array([[7.]])
    """

    matrix: np.ndarray
    """(d, k)"""
    offset: np.ndarray
    """(k,)"""

    def __call__(self, features: np.ndarray) -> np.ndarray:
        mapped: np.ndarray = np.asarray(features, dtype=np.float64) @ self.matrix + self.offset
        return mapped

    def arrays(self) -> dict[str, np.ndarray]:
        return {"matrix": self.matrix, "offset": self.offset}


def build(settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Affine:
    """From what `arrays` gave."""
    return Affine(arrays["matrix"], arrays["offset"])
