"""Chosen learner: a linear model or a forest, whichever errs less on folds of the labels.

With tens of labels neither is the better one in general: a forest bends, and a linear model goes on beyond what it has seen.
The error is the squared one, of numbers or of the probabilities of all classes (Brier 1950).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from transferkit.ops.folds import folds
from transferkit.training.spelled_estimators import LINEAR

if TYPE_CHECKING:
    from transferkit.core.run import Run
    from transferkit.core.task import Predictions, Task
    from transferkit.training.learners.contract import Learner

FOREST = "random_forest/n_estimators=50"
CANDIDATES = (LINEAR, FOREST)
"""The first one where there are too few labels to choose by."""
FOLDS = 5
LEAST_TO_CHOOSE = 10
"""Labels below which folds say nothing."""


def fit_chosen(task: Task, features: np.ndarray, labels: tuple[Any, ...], weights: np.ndarray, run: Run) -> Learner:
    """Fitted to features (n, d), labels (n,) and weights (n,): the candidate of the least error on items left out."""
    from transferkit.training.learner_method import fit_learner

    spelled = CANDIDATES[0]
    if len(labels) >= LEAST_TO_CHOOSE:
        fold = folds(task.strata(labels), FOLDS, run.derived_seed("folds of the learner"), keep_last=task.balances)
        errors = dict.fromkeys(CANDIDATES, 0.0)
        for held in (fold == part for part in np.unique(fold[fold >= 0])):
            kept = [label for label, is_held in zip(labels, held, strict=True) if not is_held]
            left_out = [label for label, is_held in zip(labels, held, strict=True) if is_held]
            for name in CANDIDATES:
                run.check_deadline()
                fitted = fit_learner(task, name, features[~held], tuple(kept), weights[~held], run)
                squares = _squared_errors(task, fitted.predict(features[held]), left_out)
                errors[name] += float((squares * weights[held]).sum())
        spelled = min(CANDIDATES, key=errors.__getitem__)
    return fit_learner(task, spelled, features, labels, weights, run)


def answers(task: Task, predictions: Predictions) -> np.ndarray:
    """(n, k) the probability of each class, or (n, 1) the number on the task's own scale."""
    if task.balances:
        return np.asarray(predictions.scores, dtype=np.float64)
    return np.asarray(task.encode(predictions.labels), dtype=np.float64).reshape(-1, 1)


def _squared_errors(task: Task, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
    said, truth = answers(task, predictions), np.asarray(task.encode(labels))
    wanted = np.eye(said.shape[1])[truth] if task.balances else truth.reshape(-1, 1)
    errors: np.ndarray = ((said - wanted) ** 2).sum(axis=1)
    return errors
