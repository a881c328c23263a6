"""FeatureMap: what every fitted function of feature vectors can do. A frozen dataclass in a file of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np


class FeatureMap(ABC):
    """Call it: features (n, d) -> (n, k), float64. Its kind is the stem of its file."""

    @abstractmethod
    def __call__(self, features: np.ndarray) -> np.ndarray:
        """(n, d) -> (n, k); row i of the result depends on row i alone."""

    @abstractmethod
    def arrays(self) -> dict[str, np.ndarray]:
        """Every fitted number, by name."""

    def settings(self) -> dict[str, Any]:
        """JSON-able settings beside the arrays."""
        return {}

    @property
    def kind(self) -> str:
        """The file stem."""
        return type(self).__module__.rpartition(".")[2]
