"""Committee: several learners, each with a say: a weighted vote between classes, the weighted median of numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from transferkit.core.task import Predictions, Task
from transferkit.training import learners
from transferkit.training.fused import under
from transferkit.training.learners.contract import Learner
from transferkit.training.transfer_boosting import weighted_median


@dataclass(frozen=True, eq=False)
class Committee(Learner):
    """The probability of a class is the share of the say of those who choose it."""

    task: Task
    members: tuple[Learner, ...]
    say: np.ndarray
    """(n_members,) above 0."""

    def predict(self, features: np.ndarray) -> Predictions:
        judged = [member.predict(features) for member in self.members]
        if not self.task.balances:
            numbers = np.array([one.labels for one in judged], dtype=np.float64).T  # (n, n_members)
            return Predictions(tuple(weighted_median(numbers, self.say).tolist()))
        classes = self.task.describe()["classes"]
        shares = np.zeros((len(features), len(classes)))
        for one, say in zip(judged, self.say / self.say.sum(), strict=True):
            shares[np.arange(len(features)), self.task.strata(one.labels)] += say
        return Predictions(tuple(classes[i] for i in shares.argmax(axis=1)), shares)

    def settings(self) -> dict[str, Any]:
        return {"members": [{"kind": one.kind, "settings": one.settings()} for one in self.members]}

    def tensors(self) -> dict[str, Tensor]:
        named = {"say": torch.from_numpy(np.asarray(self.say, dtype=np.float64))}
        for place, one in enumerate(self.members):
            named |= {f"{place}.{name}": tensor for name, tensor in one.tensors().items()}
        return named


def build(task: Task, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Committee:
    """From what `settings` and `tensors` gave."""
    members = [
        learners.build(said["kind"], task, said["settings"], under(f"{place}.", tensors))
        for place, said in enumerate(settings["members"])
    ]
    return Committee(task, tuple(members), tensors["say"].numpy())
