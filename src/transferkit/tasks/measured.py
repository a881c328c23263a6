"""MeasuredTask: a task whose metric is chosen by name among all that judge its kind of prediction."""

from __future__ import annotations

from abc import ABC
from dataclasses import replace
from typing import Any, ClassVar, Self

from transferkit.core.task import Metric, Task
from transferkit.tasks.metrics.known import Judged, check_name, metric_class, names


class MeasuredTask(Task, ABC):
    """A frozen dataclass with a field `metric_name`; `__post_init__` refuses a name that cannot judge it."""

    judged: ClassVar[Judged]
    """What is predicted, as the folders of `tasks/metrics/` call it."""
    metric_name: str

    def __post_init__(self) -> None:
        check_name(self.metric_name, self.judged, self.name)

    @property
    def metric(self) -> Metric:
        return self._metric(self.metric_name)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """That of choice and proof, then all others of its kind."""
        return tuple(map(self._metric, sorted(names(self.judged), key=lambda name: name != self.metric_name)))

    def with_metric(self, name: str) -> Self:
        """Judged by another metric of its kind, such as "auroc" for classes."""
        return replace(self, metric_name=name)  # type: ignore[type-var]

    def _metric(self, name: str) -> Metric:
        return metric_class(name, self.judged)(*self._of_metric())

    def _of_metric(self) -> tuple[Any, ...]:
        """What its metrics are made for; those of classes and tags must know their names."""
        return ()
