"""Left out: a task's metric on each item as a linear head on its features predicts it from all others, and the scores.

For classes all scores of `evaluate/scoring.py`. For numbers, and for tags as indicators of 0 and 1, those that are defined for
them: leave-one-out ridge, told as r2 (the share of variance that the left-out predictions explain), and LogME; the others read
classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import softmax

from transferkit.core.errors import WrongUse
from transferkit.core.task import Predictions, Task
from transferkit.evaluate.scoring import score_classes
from transferkit.ops.principal_axes import PrincipalAxes
from transferkit.ops.scores.inputs import principal_axes
from transferkit.ops.scores.leave_one_out import LeaveOneOut, leave_one_out_classes, leave_one_out_numbers
from transferkit.ops.scores.logme import logme_numbers
from transferkit.tasks.classify import Classify
from transferkit.tasks.regress import Regress
from transferkit.tasks.tag import Tag


def check_rankable(task: Task) -> None:
    """Refuse, in one line, a task for which no linear head on one feature vector an item says anything."""
    if not isinstance(task, (Classify, Regress, Tag)):
        raise WrongUse(
            f"sources cannot be ranked for task {task.name}: the scores need one feature vector and a class, tags or a number "
            "an item"
        )


def scored(
    task: Task, features: np.ndarray, labels: Sequence[Any], outputs: np.ndarray | None = None
) -> tuple[dict[str, float], np.ndarray]:
    """Scores by name, higher is better, and the task's metric on each item (n,), for features (n, d).

    `outputs` (n, z): the logits of the source's own head. Raises ValueError where the features say nothing.
    """
    if isinstance(task, Classify):
        numbers = task.strata(labels)
        scores, found = score_classes(features, numbers, len(task.classes), balanced=True, outputs=outputs)
        return scores, _of_classes(task, found, labels)
    targets = _targets(task, labels)
    axes = principal_axes(features)
    found = leave_one_out_numbers(axes, targets)
    explained = 1 - found.mean / float(np.square(targets - targets.mean(axis=0)).sum(axis=1).mean())
    return {"leave_one_out": explained, "logme": logme_numbers(axes, targets)}, _per_item(task, found, labels)


def left_out(task: Task, features: np.ndarray | PrincipalAxes, labels: Sequence[Any]) -> np.ndarray:
    """(n,) the task's metric on each item, without the scores."""
    if isinstance(task, Classify):
        found = leave_one_out_classes(features, task.strata(labels), n_classes=len(task.classes), balanced=True)
        return _of_classes(task, found, labels)
    return _per_item(task, leave_one_out_numbers(features, _targets(task, labels)), labels)


def _targets(task: Task, labels: Sequence[Any]) -> np.ndarray:
    """(n, 1) numbers of mean 0 and variance 1, or (n, k) indicators of the tags that some items bear and some do not."""
    if isinstance(task, Tag):
        borne = task.encode(labels).numpy().astype(np.float64)
        varied = borne[:, np.ptp(borne, axis=0) > 0]
        if not varied.shape[1]:
            raise ValueError("all labels are alike")
        return varied
    numbers = np.asarray(labels, dtype=np.float64)
    deviation = float(numbers.std())
    if not deviation > 0:
        raise ValueError("all labels are alike")
    standardised: np.ndarray = (numbers - numbers.mean()) / deviation
    return standardised[:, None]


def _of_classes(task: Classify, found: LeaveOneOut, labels: Sequence[Any]) -> np.ndarray:
    chances = softmax(found.sharpness * found.predictions, axis=1)
    guesses = tuple(task.classes[i] for i in found.predictions.argmax(axis=1))
    return task.metric.per_item(Predictions(guesses, chances), labels)


def _per_item(task: Task, found: LeaveOneOut, labels: Sequence[Any]) -> np.ndarray:
    return _of_tags(task, found, labels) if isinstance(task, Tag) else _of_numbers(task, found, labels)


def _of_tags(task: Tag, found: LeaveOneOut, labels: Sequence[Any]) -> np.ndarray:
    """Tags that all items bear, or none, are foretold as they are."""
    borne = task.encode(labels).numpy().astype(np.float64)
    scores = borne.copy()
    scores[:, np.ptp(borne, axis=0) > 0] = found.predictions
    guesses = tuple(tuple(task.classes[k] for k in np.flatnonzero(row > 0.5)) for row in scores)
    return task.metric.per_item(Predictions(guesses, scores), labels)


def _of_numbers(task: Task, found: LeaveOneOut, labels: Sequence[Any]) -> np.ndarray:
    numbers = np.asarray(labels, dtype=np.float64)
    guesses = found.predictions[:, 0] * numbers.std() + numbers.mean()
    return task.metric.per_item(Predictions(tuple(guesses.tolist())), labels)
