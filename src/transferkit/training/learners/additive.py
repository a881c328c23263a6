"""Additive: boosted trees; outputs are a start and what each stage of trees adds to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from transferkit.core.task import Predictions, Task
from transferkit.ops.trees.boosting import Stage, outputs_of
from transferkit.training.learners.contract import Learner
from transferkit.training.learners.forest import packed, unpacked


@dataclass(frozen=True, eq=False)
class Additive(Learner):
    """Outputs (n, k) = start + rate * sum of trees, read by the task."""

    task: Task
    start: np.ndarray
    """(k,)"""
    rate: float
    stages: tuple[Stage, ...]
    """Of k trees each; possibly none."""

    def predict(self, features: np.ndarray) -> Predictions:
        return self.task.decode(torch.from_numpy(outputs_of(features, list(self.stages), self.rate, self.start)))

    def settings(self) -> dict[str, Any]:
        return {"rate": self.rate}

    def tensors(self) -> dict[str, Tensor]:
        trees = [tree for stage in self.stages for tree in stage]
        return {"start": torch.from_numpy(self.start)} | (packed(trees) if trees else {})


def build(task: Task, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Additive:
    """From what `settings` and `tensors` gave."""
    start = tensors["start"].numpy()
    trees = unpacked(tensors) if "nodes" in tensors else ()
    stages = tuple(trees[i : i + len(start)] for i in range(0, len(trees), len(start)))
    return Additive(task, start, settings["rate"], stages)
