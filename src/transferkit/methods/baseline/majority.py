"""Majority: always the most frequent class. What a result must beat to mean anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from transferkit.core.method import Method, Needs, check_sources
from transferkit.core.predictor import FitRecord, Predictor
from transferkit.core.task import Predictions, Task

if TYPE_CHECKING:
    from torch import Tensor

    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target


@dataclass(frozen=True, kw_only=True)
class Majority(Method):
    """Predict the class frequencies of the training labels, whatever the item.

    A floor to read other results against, not a model to use.

    >>> str(Majority())
    'majority'
    """

    needs: ClassVar[Needs] = Needs()
    is_baseline: ClassVar[bool] = True
    deterministic: ClassVar[bool] = True

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """Counts the training labels."""
        check_sources(self, sources)
        counts = np.bincount(target.task.strata(target.train.labels or ()), minlength=_n_classes(target.task))
        return Frequencies(target.task, counts / counts.sum())


class Frequencies(Predictor):
    """The same prediction for every item: the most frequent class (ties: the first by name)."""

    def __init__(self, task: Task, shares: np.ndarray) -> None:
        self.task, self.shares = task, shares
        self.record = FitRecord(trainable_parameters=len(shares), total_parameters=len(shares))

    def predict(self, items: Sequence[Any], progress: Callable[[int, int], None] | None = None) -> Predictions:
        """Looks at no item."""
        classes = self.task.describe()["classes"]
        label = classes[int(self.shares.argmax())]
        return Predictions((label,) * len(items), np.tile(self.shares, (len(items), 1)))

    def describe(self) -> dict[str, Any]:
        return {}

    def tensors(self) -> dict[str, Tensor]:
        import torch

        return {"shares": torch.from_numpy(self.shares)}

    @classmethod
    def restore(cls, task: Task, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Frequencies:
        return cls(task, tensors["shares"].numpy())


def _n_classes(task: Task) -> int:
    return len(task.describe()["classes"])
