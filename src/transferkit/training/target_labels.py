"""Target labels: what methods share that learn from labels of both domains: the rows of each, and choices by folds of
the target's.

Only `target.train` is learned from; `target.validation` is left to whoever chooses between fits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.core.method import Method, Needs, check_sources
from transferkit.training.learner_method import LearnerMethod, target_weights

if TYPE_CHECKING:
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.core.task import Task
    from transferkit.training.domain_features import DomainFeatures, Features

FOLDS = 5
LEAST_TO_CHOOSE = 4
"""Labels below which folds say nothing."""
NEEDS = Needs(models=(0, 1), data=(1, 99), target_labels=True, features=True, moves_weights=False)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class TargetLabelsMethod(LearnerMethod):
    """A learner of a person's choice, fitted to labels of both domains."""

    needs: ClassVar[Needs] = NEEDS


@dataclass(frozen=True, eq=False)
class Labelled:
    """Rows of one domain with their labels."""

    features: np.ndarray
    """(n, d)"""
    labels: tuple[Any, ...]
    weights: np.ndarray
    """(n,) of mean 1."""
    targets: np.ndarray
    """(n,) what a loss takes: the class's position, or the standardised number."""

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: np.ndarray) -> Labelled:
        """Those at these positions."""
        labels = tuple(self.labels[i] for i in rows)
        return Labelled(self.features[rows], labels, self.weights[rows], self.targets[rows])

    def join(self, other: Labelled) -> Labelled:
        """These, then the others."""
        return Labelled(
            np.concatenate([self.features, other.features]),
            (*self.labels, *other.labels),
            np.concatenate([self.weights, other.weights]),
            np.concatenate([self.targets, other.targets]),
        )


def both_labelled(
    method: Method, sources: tuple[Source, ...], target: Target, run: Run, kind: Features
) -> tuple[DomainFeatures, Labelled, Labelled]:
    """Features of all domains, and the labelled rows of sources and of target. One line where the target has no labels."""
    from transferkit.training.domain_features import features_for

    check_sources(method, sources)
    if not method.suits(target.task):
        raise WrongUse(f"method {method.name} is not for task {target.task.name}; {_other(method)}")
    if not len(target.train):
        raise WrongUse(
            f"method {method.name} learns from labels of the target too, and {target.name} has none; label some items, "
            "or use a method that needs none, such as kmm"
        )
    features = features_for(method, sources, target, run, kind)
    run.check_deadline()
    task, train, given = features.domains.task, features.domains.target.train, features.domains.labelled.weights
    weights = np.ones(len(features.source)) if given is None else np.asarray(given, dtype=np.float64)
    source = Labelled(features.source, features.source_labels, weights, _targets(task, features.source_labels))
    labels = train.labels or ()
    rows = features.target[: len(train)]
    return features, source, Labelled(rows, labels, target_weights(features), _targets(task, labels))


def _targets(task: Task, labels: tuple[Any, ...]) -> np.ndarray:
    return np.asarray(task.encode(labels))


def _other(method: Method) -> str:
    """What to do for the task that this method is not for."""
    other = {"tradaboost": "use tradaboost_r2 for numbers", "tradaboost_r2": "use tradaboost for classes"}
    return other.get(method.name, "source_prior and boosted_continued take classes and numbers")


def n_outputs(task: Task) -> int:
    """How many raw outputs an item has: one a class, or one for a number."""
    return len(task.describe()["classes"]) if task.balances else 1


def chosen_by_folds(
    candidates: Sequence[T],
    outputs_by: Callable[[Labelled, np.ndarray], Iterable[np.ndarray]],
    target: Labelled,
    task: Task,
    run: Run,
    otherwise: T,
) -> tuple[T, np.ndarray | None]:
    """Of the candidates the one of the least loss on target items left out, the earlier where equal, and its raw outputs (n, k)
    for every item, each by a fit without it. `otherwise`, and None, where there are too few labels to choose by.

    outputs_by(rows, features): for each candidate, fitted to rows, its raw outputs (m, k) of features (m, d).
    """
    from transferkit.ops.folds import folds

    if len(target) < LEAST_TO_CHOOSE:
        return otherwise, None
    classes = task.balances
    strata = target.targets if classes else task.strata(target.labels)
    fold = folds(strata, min(FOLDS, len(target)), run.derived_seed("folds of the target"), keep_last=False)
    outputs = np.empty((len(candidates), len(target), n_outputs(task)))
    for part in np.unique(fold):
        held = fold == part
        rows = target.take(np.flatnonzero(~held))
        for place, found in enumerate(outputs_by(rows, target.features[held])):
            run.check_deadline()
            outputs[place, held] = found
    means = [np.average(losses(one, target.targets, classes=classes), weights=target.weights) for one in outputs]
    place = int(np.flatnonzero(np.asarray(means) <= min(means) + 1e-9)[0])
    return candidates[place], outputs[place]


def with_one(rows: np.ndarray) -> np.ndarray:
    """(n, d + 1): a last feature that is 1, whose coefficient is an intercept."""
    return np.concatenate([rows, np.ones((len(rows), 1))], axis=1)


def losses(outputs: np.ndarray, targets: np.ndarray, *, classes: bool) -> np.ndarray:
    """(n,) cross-entropy of logits (n, k), or the squared error of (n, 1)."""
    from scipy.special import log_softmax

    if not classes:
        return np.asarray((outputs[:, 0] - targets) ** 2)
    return np.asarray(-log_softmax(outputs, axis=1)[np.arange(len(targets)), targets])
