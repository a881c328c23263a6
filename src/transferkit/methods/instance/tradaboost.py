"""TrAdaBoost: boosting in which source items that the target contradicts lose their say.

Dai, Yang, Xue & Yu 2007, doi:10.1145/1273496.1273521, algorithm 1. In each round, with e_i = 1 where the round's fit is wrong,

    error = weighted share of wrong target items,  b_t = error / (1 - error),  b = 1 / (1 + sqrt(2 ln n_s / rounds))
    source items: w_i b^e_i       target items: w_i b_t^-e_i

and the later half of the rounds votes, each with ln 1 / b_t. As published the source loses weight even where every fit is
right, for the target's alone grows; `correct_drift` multiplies source weights by 2 (1 - error) (Al-Stouhi & Reddy 2011,
doi:10.1007/978-3-642-23780-5_14, theorem 2), after which they stay where nothing contradicts them. Differs: errors are 0.001 at
least; where the error is no better than chance, for which the paper has no answer, that round has no say and the target counts
twice as much in the next; of several classes b_t becomes error / (1 - error) / (n_classes - 1) (Zhu, Zou, Rosset & Hastie 2009,
SAMME), the published one for two. A learner that fits both domains without a mistake has nothing to be contradicted in, and
stays as it is: take a simple one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from transferkit.core.task import Task
from transferkit.training.target_labels import TargetLabelsMethod

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.training.learners.contract import Learner


@dataclass(frozen=True, kw_only=True)
class TrAdaBoost(TargetLabelsMethod):
    """Boost on labels of both domains. Use where a part of the source helps and a part misleads, with ten target
    labels or more.

    With fewer the error of a round is mostly chance. For numbers there is `tradaboost_r2`.

    >>> str(TrAdaBoost(rounds=10))
    'tradaboost:rounds=10'
    """

    paper: ClassVar[str] = "doi:10.1145/1273496.1273521"
    positive: ClassVar[tuple[str, ...]] = ("rounds",)
    tunes: ClassVar[dict[str, tuple[Any, ...]]] = {"learner": ("logistic", "random_forest/max_depth=4/n_estimators=20")}

    learner: str = "logistic"
    """An estimator of scikit-learn; one a round."""
    rounds: int = 20
    correct_drift: bool = True
    """False: as published."""

    @property
    def deterministic(self) -> bool:  # type: ignore[override]
        """So is logistic regression."""
        return self.learner in ("linear", "logistic")

    def suits(self, task: Task) -> bool:
        """Right and wrong are said of classes."""
        return task.name == "classify"

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One pass through the network, then a fit a round."""
        from transferkit.training import transfer_boosting
        from transferkit.training.learner_method import fit_learner, record_of
        from transferkit.training.learners.committee import Committee
        from transferkit.training.on_features import OnFeatures
        from transferkit.training.target_labels import both_labelled

        features, source, own = both_labelled(self, sources, target, run, self.features)
        task, both = features.domains.task, source.join(own)

        def fit(weights: np.ndarray) -> tuple[Learner, np.ndarray]:
            run.check_deadline()
            member = fit_learner(task, self.learner, both.features, both.labels, weights, run)
            return member, task.strata(member.predict(both.features).labels)

        found = transfer_boosting.tradaboost(
            fit, both.targets, len(source), both.weights, rounds=self.rounds, correct_drift=self.correct_drift
        )
        learner = Committee(task, found.members, found.say)
        left = float(found.weights[: len(source)].sum() / found.weights.sum())
        settings = {"source_share_at_the_end": round(left, 4), "last_error": round(found.error, 4)}
        return OnFeatures.of(features, (), learner, record_of(learner, settings))
