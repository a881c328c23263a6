"""Estimator: a fitted model of scikit-learn, kept as the skops file it is written to.

Reading makes objects of types known to be harmless and of no other (`sources/architectures/sklearn_model.py`).
"""

from __future__ import annotations

import copy
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from transferkit.core.errors import WrongUse
from transferkit.core.task import Predictions, Task
from transferkit.sources.architectures.sklearn_model import loaded
from transferkit.training.learners.contract import Learner

LEAST_CHANCE = 1e-6


@dataclass(frozen=True, eq=False)
class Estimator(Learner):
    """Predicts what the model predicts, in the words of the task."""

    task: Task
    model: Any

    def predict(self, features: np.ndarray) -> Predictions:
        return self.task.decode(torch.from_numpy(outputs_of(self.model, self.task, features)))

    @cached_property
    def program(self) -> bytes:
        """The model's skops file; one line where it could not be read again."""
        from skops.io import dumps

        written: bytes = dumps(self.model)
        loaded(written, f"learner {type(self.model).__name__}")
        return written

    def tensors(self) -> dict[str, Tensor]:
        return {"program": torch.frombuffer(bytearray(self.program), dtype=torch.uint8)}

    @property
    def n_numbers(self) -> int:
        """How many numbers its file holds."""
        with zipfile.ZipFile(io.BytesIO(self.program)) as archive:
            names = [name for name in archive.namelist() if name.endswith(".npy")]
            return sum(int(np.load(io.BytesIO(archive.read(name)), allow_pickle=False).size) for name in names)


def fit_estimator(
    task: Task, estimator: Any, features: np.ndarray, labels: Sequence[Any], item_weights: np.ndarray | None = None
) -> Estimator:
    """Fit to features (n, d), labels (n,), weights (n,) or None."""
    return Estimator(task, fitted(estimator, features, np.asarray(task.encode(labels)), item_weights))


def fitted(estimator: Any, features: np.ndarray, targets: np.ndarray, item_weights: np.ndarray | None) -> Any:
    """The estimator, fitted; items of weight 0 are left out, for some take them for items."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    if item_weights is not None:
        kept = item_weights > 0
        features, targets, item_weights = features[kept], targets[kept], item_weights[kept]
    try:
        with warnings.catch_warnings():  # a slightly loose optimum changes no choice
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
            return estimator.fit(features, targets, sample_weight=item_weights)
    except ValueError as reason:
        said = str(reason).splitlines()[0]
        raise WrongUse(f"learner {type(estimator).__name__} cannot be fitted: {said}") from None


def outputs_of(model: Any, task: Task, features: np.ndarray) -> np.ndarray:
    """(n, n_outputs) of the task: log-probabilities or decision values of all its classes, or one number."""
    if not task.balances:
        numbers: np.ndarray = np.asarray(model.predict(features), dtype=np.float64).reshape(len(features), 1)
        return numbers
    classes = np.asarray(model.classes_, dtype=int)
    if hasattr(model, "predict_proba"):
        there = np.log(np.maximum(model.predict_proba(features), LEAST_CHANCE))
    else:
        if getattr(model, "decision_function_shape", "") == "ovo":  # values of pairs of classes; the votes are the same
            model = copy.copy(model).set_params(decision_function_shape="ovr")
        there = np.asarray(model.decision_function(features), dtype=np.float64).reshape(len(features), -1)
        if there.shape[1] == 1 and len(classes) == 2:
            there = np.concatenate([-there, there], axis=1) / 2
    outputs = np.repeat(there.min(axis=1, keepdims=True) - 20.0, len(task.describe()["classes"]), axis=1)
    outputs[:, classes] = there  # a class without items is never chosen
    return outputs


def build(task: Task, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Estimator:
    """From what `tensors` gave."""
    return Estimator(task, loaded(bytes(tensors["program"].cpu().numpy()), "the saved learner"))
