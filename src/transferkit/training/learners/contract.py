"""Learner: what every fitted predictor on feature vectors can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from transferkit.core.task import Predictions


class Learner(ABC):
    """Fitted. Its kind is the stem of its file."""

    @abstractmethod
    def predict(self, features: np.ndarray) -> Predictions:
        """Features (n, d) float64 -> one prediction a row, with probabilities where there are classes."""

    @abstractmethod
    def tensors(self) -> dict[str, Tensor]:
        """Every fitted number, by name."""

    def settings(self) -> dict[str, Any]:
        """JSON-able settings beside the tensors."""
        return {}

    @property
    def kind(self) -> str:
        """The file stem."""
        return type(self).__module__.rpartition(".")[2]
