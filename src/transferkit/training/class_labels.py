"""Class labels: for methods that build on which class an item is of, and not on the task's loss alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transferkit.core.errors import WrongUse
from transferkit.core.method import Method

if TYPE_CHECKING:
    from transferkit.core.task import Task


def n_classes(task: Task, method: Method) -> int:
    """How many classes the task tells apart; one line where its labels are not one class an item."""
    if task.name != "classify":
        raise WrongUse(
            f"method {method.name} needs one class an item, which task {task.name} has not; use full instead"
        )
    refuse_mixing(method)
    return len(task.describe()["classes"])


def refuse_mixing(method: Method) -> None:
    """One line where items would be mixed of two, of which the method would take only one into account."""
    settings = method.settings()
    if settings.get("mixup") or settings.get("cutmix"):
        raise WrongUse(f"method {method.name} compares each item with what is known of it; leave mixup and cutmix at 0")
