"""Learners: what predicts from feature vectors and can be written down; one file a kind, found by its name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from transferkit.training.learners.contract import Learner

if TYPE_CHECKING:
    from torch import Tensor

    from transferkit.core.task import Task


def build(kind: str, task: Task, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Learner:
    """The inverse of `Learner.describe` and `Learner.tensors`."""
    known = [module.name for module in pkgutil.iter_modules(__path__) if module.name != "contract"]
    if kind not in known:
        raise ValueError(f"unknown kind of learner {kind!r}; known: {', '.join(known)}")
    made: Learner = importlib.import_module(f"{__name__}.{kind}").build(task, settings, tensors)
    return made
