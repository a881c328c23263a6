"""LearnerMethod: works on feature vectors of all domains, with a learner that a person may choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from transferkit.core.method import Method, Needs
from transferkit.training.spelled_estimators import CHOSEN, LINEAR, check_spelling, spelled_estimator

if TYPE_CHECKING:
    from transferkit.core.predictor import FitRecord
    from transferkit.core.run import Run
    from transferkit.core.task import Task
    from transferkit.training.domain_features import DomainFeatures
    from transferkit.training.learners.contract import Learner


@dataclass(frozen=True, kw_only=True)
class LearnerMethod(Method):
    """Works on feature vectors of all domains, with a learner that a person may choose."""

    needs: ClassVar[Needs] = Needs(
        models=(0, 1), data=(1, 99), target_labels=False, unlabelled=True, features=True, moves_weights=False
    )
    baseline: ClassVar[str] = "source_probe"

    features: Literal["network", "raw"] = "network"
    """network: of the model's frozen network; raw: the items' own numbers, as those of a table's rows are in any
    case."""
    learner: str = LINEAR
    """linear: logistic or ridge regression, its penalty chosen; chosen: that or a forest, by folds of the labels; else an
    estimator of scikit-learn, `random_forest/max_depth=3`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_spelling(self.learner)

    @property
    def deterministic(self) -> bool:  # type: ignore[override]
        """A linear head is the same whatever the seed."""
        return self.learner == LINEAR

    def suits(self, task: Task) -> bool:
        """Classes and numbers; a linear head does more."""
        return task.needs_features and (self.learner == LINEAR or task.name in ("classify", "regress"))


def target_weights(features: DomainFeatures) -> np.ndarray:
    """(n_l,) of the labelled target items that may be learned from, those of `target.train`."""
    labelled = features.domains.target.train
    return np.ones(len(labelled)) if labelled.weights is None else np.asarray(labelled.weights, dtype=np.float64)


def fit_learner(
    task: Task,
    spelled: str,
    features: np.ndarray,
    labels: tuple[Any, ...],
    weights: np.ndarray,
    run: Run,
) -> Learner:
    """The learner of that name, fitted to features (n, d), labels (n,), weights (n,)."""
    from transferkit.training.chosen_learner import fit_chosen
    from transferkit.training.learners.estimator import fit_estimator
    from transferkit.training.learners.linear import fit_linear

    if spelled == CHOSEN:
        return fit_chosen(task, features, labels, weights / weights.mean(), run)
    if spelled == LINEAR:
        solver = "logistic" if task.balances else "ridge"
        return fit_linear(task, features, labels, weights / weights.mean(), solver)
    estimator = spelled_estimator(spelled, classes=task.balances, seed=run.derived_seed("learner"))
    return fit_estimator(task, estimator, features, labels, weights / weights.mean())


def record_of(learner: Learner, settings: Mapping[str, Any], notes: tuple[str, ...] = ()) -> FitRecord:
    """What the fit has to say; every number of the learner counts as trained."""
    from transferkit.core.predictor import FitRecord

    count = n_numbers(learner)
    return FitRecord(trainable_parameters=count, total_parameters=count, notes=notes, settings=dict(settings))


def n_numbers(learner: Learner) -> int:
    """How many numbers were fitted."""
    from transferkit.training.learners.committee import Committee
    from transferkit.training.learners.estimator import Estimator
    from transferkit.training.learners.stacked import Stacked

    if isinstance(learner, Committee | Stacked):
        return sum(map(n_numbers, learner.members))
    return learner.n_numbers if isinstance(learner, Estimator) else sum(t.numel() for t in learner.tensors().values())
