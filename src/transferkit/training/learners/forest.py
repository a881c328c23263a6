"""Forest: the mean of what several trees say; trees as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from transferkit.core.task import Predictions, Task
from transferkit.ops.trees.tree import Tree
from transferkit.training.learners.contract import Learner

PARTS = ("feature", "threshold", "left", "right", "value")


@dataclass(frozen=True, eq=False)
class Forest(Learner):
    """Each tree's leaf holds the shares of the classes there."""

    task: Task
    trees: tuple[Tree, ...]

    def predict(self, features: np.ndarray) -> Predictions:
        shares = np.mean([tree.predict(features) for tree in self.trees], axis=0)  # (n, n_classes)
        classes = self.task.describe()["classes"]
        return Predictions(tuple(classes[i] for i in shares.argmax(axis=1)), shares)

    def tensors(self) -> dict[str, Tensor]:
        return packed(self.trees)


def packed(trees: Sequence[Tree]) -> dict[str, Tensor]:
    """All trees, one after the other, and how many nodes each has."""
    named = {part: torch.from_numpy(np.concatenate([getattr(tree, part) for tree in trees])) for part in PARTS}
    return named | {"nodes": torch.tensor([len(tree) for tree in trees])}


def unpacked(tensors: Mapping[str, Tensor]) -> tuple[Tree, ...]:
    """The inverse of `packed`."""
    ends = np.cumsum(tensors["nodes"].numpy())[:-1]
    parts = [np.split(tensors[part].numpy(), ends) for part in PARTS]
    return tuple(Tree(*arrays) for arrays in zip(*parts, strict=True))


def build(task: Task, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Forest:
    """From what `tensors` gave."""
    return Forest(task, unpacked(tensors))
