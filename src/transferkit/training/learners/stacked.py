"""Stacked: a learner that is told, beside the features, what others say of an item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from transferkit.core.task import Predictions, Task
from transferkit.training import learners
from transferkit.training.chosen_learner import answers
from transferkit.training.fused import under
from transferkit.training.learners.contract import Learner


@dataclass(frozen=True, eq=False)
class Said:
    """What fitted learners say, as features."""

    task: Task
    by: tuple[Learner, ...]
    centre: np.ndarray
    """(k,) what is taken off of all they say."""
    scale: np.ndarray
    """(k,) what is divided by."""

    @classmethod
    def of(cls, task: Task, by: Sequence[Learner], features: np.ndarray, deviation: float) -> Said:
        """On a scale on which it has mean 0 and this standard deviation over these features (n, d)."""
        spoken = _spoken(task, by, features)
        centre, spread = spoken.mean(0), spoken.std(0)
        return cls(task, tuple(by), centre, np.where(spread > 1e-8, spread, 1.0) / deviation)

    def beside(self, features: np.ndarray) -> np.ndarray:
        """(n, d + k): the features, then what is said of them."""
        said = (_spoken(self.task, self.by, features) - self.centre) / self.scale
        return np.concatenate([features, said], axis=1)


def _spoken(task: Task, by: Sequence[Learner], features: np.ndarray) -> np.ndarray:
    return np.concatenate([answers(task, one.predict(features)) for one in by], axis=1)


@dataclass(frozen=True, eq=False)
class Stacked(Learner):
    """Predicts from the features and what is said of them."""

    said: Said
    last: Learner

    def predict(self, features: np.ndarray) -> Predictions:
        return self.last.predict(self.said.beside(np.asarray(features, dtype=np.float64)))

    @property
    def members(self) -> tuple[Learner, ...]:
        """Those that are listened to, then the one that listens."""
        return (*self.said.by, self.last)

    def settings(self) -> dict[str, Any]:
        return {"members": [{"kind": one.kind, "settings": one.settings()} for one in self.members]}

    def tensors(self) -> dict[str, Tensor]:
        named = {"centre": torch.from_numpy(self.said.centre), "scale": torch.from_numpy(self.said.scale)}
        for place, one in enumerate(self.members):
            named |= {f"{place}.{name}": tensor for name, tensor in one.tensors().items()}
        return named


def build(task: Task, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Stacked:
    """From what `settings` and `tensors` gave."""
    *by, last = (
        learners.build(said["kind"], task, said["settings"], under(f"{place}.", tensors))
        for place, said in enumerate(settings["members"])
    )
    return Stacked(Said(task, tuple(by), tensors["centre"].numpy(), tensors["scale"].numpy()), last)
