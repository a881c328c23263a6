"""Kernel: f(x) = (k(x, anchors) - means) C, the map of kernel methods such as transfer component analysis.

k is Gaussian, exp(-width |x - a|^2), or linear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from transferkit.ops.feature_maps.contract import FeatureMap

KernelName = Literal["gaussian", "linear"]


@dataclass(frozen=True, eq=False)
class Kernel(FeatureMap):
    """A kernel with fixed anchors, then a matrix.

    >>> Kernel(np.eye(2), np.eye(2), np.zeros(2), "linear")(np.array([[3.0, 4.0]]))
    array([[3., 4.]])
    """

    anchors: np.ndarray
    """(m, d)"""
    coefficients: np.ndarray
    """(m, k)"""
    means: np.ndarray
    """(m,) what is taken off each column of the kernel; zeros for none."""
    kernel: KernelName = "gaussian"
    width: float = 1.0
    """Of the Gaussian: 1 / (2 sigma^2)."""

    def __call__(self, features: np.ndarray) -> np.ndarray:
        gram = kernel_matrix(np.asarray(features, dtype=np.float64), self.anchors, self.kernel, self.width)
        mapped: np.ndarray = (gram - self.means) @ self.coefficients
        return mapped

    def arrays(self) -> dict[str, np.ndarray]:
        return {"anchors": self.anchors, "coefficients": self.coefficients, "means": self.means}

    def settings(self) -> dict[str, Any]:
        return {"kernel": self.kernel, "width": self.width}


def kernel_matrix(x: np.ndarray, y: np.ndarray, kernel: KernelName = "gaussian", width: float = 1.0) -> np.ndarray:
    """(n, m) kernel of each row of x (n, d) with each row of y (m, d)."""
    products: np.ndarray = x @ y.T
    if kernel == "linear":
        return products
    squares = (x * x).sum(1)[:, None] + (y * y).sum(1)[None, :] - 2 * products
    gram: np.ndarray = np.exp(-width * np.maximum(squares, 0.0))
    return gram


def build(settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Kernel:
    """From what `settings` and `arrays` gave."""
    return Kernel(arrays["anchors"], arrays["coefficients"], arrays["means"], settings["kernel"], settings["width"])
