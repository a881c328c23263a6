"""Majority: always the best guess that looks at no item - the most frequent class or text, the mean of the numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

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
    """Predict the class shares of the training labels, their mean (median under mae) or their usual text, whatever the item.

    A floor to read other results against, not a model to use.

    >>> str(Majority())
    'majority'
    """

    needs: ClassVar[Needs] = Needs()
    is_baseline: ClassVar[bool] = True
    deterministic: ClassVar[bool] = True

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """Counts, or averages, the training labels."""
        check_sources(self, sources)
        return Blind(target.task, target.task.blind(target.train.labels or ()))


class Blind(Predictor):
    """The same prediction for every item, kept as the task's raw outputs for one."""

    def __init__(self, task: Task, outputs: Tensor) -> None:
        self.task, self.outputs = task, outputs
        self.record = FitRecord(trainable_parameters=outputs.numel(), total_parameters=outputs.numel())

    def predict(self, items: Sequence[Any], progress: Callable[[int, int], None] | None = None) -> Predictions:
        """Looks at no item."""
        return self.task.decode(self.outputs.expand(len(items), *self.outputs.shape[1:]))

    def describe(self) -> dict[str, Any]:
        return {}

    def tensors(self) -> dict[str, Tensor]:
        return {"outputs": self.outputs}

    @classmethod
    def restore(cls, task: Task, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Blind:
        return cls(task, tensors["outputs"])
