"""Known: which metrics there are, by name, and the error for a name that a task cannot use."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from typing import Literal

from transferkit.core.errors import WrongUse, unknown_name
from transferkit.core.task import Metric

Judged = Literal["classes", "numbers", "tags", "texts"]
"""The folders."""
JUDGED: tuple[Judged, ...] = ("classes", "numbers", "tags", "texts")


@cache
def names(judged: Judged) -> tuple[str, ...]:
    """Of all metrics of one kind, in alphabetical order. Imports none of them.

    >>> names("numbers")
    ('mae', 'r2', 'rmse')
    """
    package = importlib.import_module(f"transferkit.tasks.metrics.{judged}")
    return tuple(sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_")))


def check_name(name: str, judged: Judged, task: str) -> None:
    """Raise one line where a task that predicts `judged` cannot be judged by the metric `name`."""
    if name in names(judged):
        return
    for other in JUDGED:
        if name in names(other):
            known = ", ".join(names(judged))
            raise WrongUse(f"metric {name} judges {other}, but task {task} predicts {judged}; take one of {known}")
    raise unknown_name(f"metric of task {task}", name, names(judged))


@cache
def metric_class(name: str, judged: Judged) -> type[Metric]:
    """The class in the file of that name."""
    module = importlib.import_module(f"transferkit.tasks.metrics.{judged}.{name}")
    (found,) = (
        cls
        for cls in vars(module).values()
        if inspect.isclass(cls) and issubclass(cls, Metric) and cls.__module__ == module.__name__
    )
    return found
