"""SpaceMethod: what methods on two feature spaces share: how they learn, and what they leave. Imports nothing heavy."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from transferkit.core.method import Method, Needs
from transferkit.training.spelled_estimators import LINEAR, check_spelling

if TYPE_CHECKING:
    import numpy as np

    from transferkit.core.predictor import FitRecord, Predictor
    from transferkit.core.run import Run
    from transferkit.core.task import Task
    from transferkit.training.learners.contract import Learner
    from transferkit.training.two_spaces import TwoSpaces


@dataclass(frozen=True, kw_only=True)
class SpaceMethod(Method, ABC):
    """Works on two feature spaces, with a learner that a person may choose."""

    needs: ClassVar[Needs] = Needs(
        models=(0, 2), data=(1, 1), target_labels=True, unlabelled=True, features=True, moves_weights=False
    )
    baseline: ClassVar[str] = "target_probe"

    learner: str = LINEAR
    """linear: ridge, its penalty by leave-one-out; chosen: that or a forest, by folds of the labels; else an estimator of
    scikit-learn, `random_forest/max_depth=3`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_spelling(self.learner)

    def suits(self, task: Task) -> bool:
        """Classes and numbers."""
        return task.name in ("classify", "regress")

    def learned(self, task: Task, rows: np.ndarray, labels: tuple[Any, ...], weights: np.ndarray, run: Run) -> Learner:
        """The learner, fitted to rows (n, d), labels (n,) and weights (n,); those of weight 0 are left out."""
        from transferkit.training.learner_method import fit_learner
        from transferkit.training.learners.linear import fit_linear

        kept = weights > 0
        labels = tuple(label for label, keep in zip(labels, kept, strict=True) if keep)
        rows, weights = rows[kept], weights[kept] / weights[kept].mean()
        if self.learner == LINEAR:
            return fit_linear(task, rows, labels, weights, "ridge")
        return fit_learner(task, self.learner, rows, labels, weights, run)


def predictor_in(spaces: TwoSpaces, learner: Learner, record: FitRecord) -> Predictor:
    """Predicts new items of the target: its features, their scale, the learner."""
    from transferkit.ops.feature_maps.scaling import Scaling
    from transferkit.training.on_features import OnFeatures

    space, body = spaces.space, spaces.space.part.body
    network = None if body is None else body.make()
    if body is not None and network is not None:
        total = record.total_parameters + sum(p.numel() for p in network.parameters())
        record = replace(record, total_parameters=total, origin=body.origin)
    scaling = Scaling(space.centre, space.scale)
    return OnFeatures(spaces.task, (space.part.processor, network), (scaling,), learner, record, space.part)
