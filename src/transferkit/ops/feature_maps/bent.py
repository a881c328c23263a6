"""Bent: f(x) = x A + b + tanh(x W + c) V, a line with one hidden layer beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.ops.feature_maps.contract import FeatureMap


@dataclass(frozen=True, eq=False)
class Bent(FeatureMap):
    """A line, and what bends it.

    >>> Bent(np.eye(1), np.zeros(1), np.ones((1, 2)), np.zeros(2), np.zeros((2, 1)))(np.array([[3.0]]))
    array([[3.]])
    """

    matrix: np.ndarray
    """(d, k) A"""
    offset: np.ndarray
    """(k,) b"""
    inner: np.ndarray
    """(d, h) W"""
    inner_offset: np.ndarray
    """(h,) c"""
    outer: np.ndarray
    """(h, k) V"""

    def __call__(self, features: np.ndarray) -> np.ndarray:
        rows = np.asarray(features, dtype=np.float64)
        hidden = np.tanh(rows @ self.inner + self.inner_offset)  # (n, h)
        mapped: np.ndarray = rows @ self.matrix + self.offset + hidden @ self.outer
        return mapped

    def arrays(self) -> dict[str, np.ndarray]:
        return dict(vars(self))


def build(settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Bent:
    """From what `arrays` gave."""
    return Bent(**arrays)
