"""Two-stage TrAdaBoost.R2: boosting for numbers in which source items fade as far as the target's own labels say they should.

Pardoe & Stone 2010, "Boosting for regression transfer" (ICML), algorithm 3. In stage t of S the source's weights
shrink, those of items with large error e_i most, w_i b^e_i with the b at which the target's share of all weight is

    n_t / (n_s + n_t) + t / (S - 1) (1 - n_t / (n_s + n_t))

and AdaBoost.R2 (Drucker 1997) with the source's weights held is judged by folds of the target's labels; the stage of the least
squared error is kept. Its rounds answer with their weighted median. Differs: fits take weights, where the paper draws items.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.core.task import Task
from transferkit.training.target_labels import TargetLabelsMethod

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.training.learners.committee import Committee
    from transferkit.training.learners.contract import Learner
    from transferkit.training.target_labels import Labelled


@dataclass(frozen=True, kw_only=True)
class TrAdaBoostR2(TargetLabelsMethod):
    """Boost for numbers on labels of both domains. Use with ten target labels or more, some of the source being of use.

    A few hundred fits, so choose a learner that is quick. For classes there is `tradaboost`.

    >>> str(TrAdaBoostR2(stages=5))
    'tradaboost_r2:stages=5'
    """

    paper: ClassVar[str] = "Pardoe & Stone 2010 (ICML)"
    positive: ClassVar[tuple[str, ...]] = ("rounds",)

    learner: str = "decision_tree/max_depth=4"
    """An estimator of scikit-learn for numbers; one a round."""
    stages: int = 8
    rounds: int = 10
    """Of boosting in each stage."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stages < 2:
            raise WrongUse(f"{self.name}:stages={self.stages} must be at least 2")

    def suits(self, task: Task) -> bool:
        """Errors have a size for numbers alone."""
        return task.name == "regress"

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One pass through the network, then stages, each judged by folds."""
        from transferkit.training.learner_method import fit_learner, record_of
        from transferkit.training.learners.committee import Committee
        from transferkit.training.on_features import OnFeatures
        from transferkit.training.target_labels import both_labelled, chosen_by_folds
        from transferkit.training.transfer_boosting import boosted_beside, fading_source

        features, source, own = both_labelled(self, sources, target, run, self.features)
        task = features.domains.task

        def fit_to(rows: Labelled) -> Callable[[np.ndarray], tuple[Learner, np.ndarray]]:
            def fit(weights: np.ndarray) -> tuple[Learner, np.ndarray]:
                run.check_deadline()
                member = fit_learner(task, self.learner, rows.features, rows.labels, weights, run)
                return member, _standardised(task, member.predict(rows.features).labels)

            return fit

        both = source.join(own)
        schedule = fading_source(fit_to(both), both.targets, len(source), both.weights, stages=self.stages)

        def boosted_at(stage: int, rows: Labelled) -> Committee:
            """With the source's weights of a stage, beside a part of the target's labels or all."""
            both, held = source.join(rows), schedule[stage]
            share = (1 - held.sum()) * rows.weights.sum() / own.weights.sum()
            moving = rows.weights / rows.weights.sum() * share
            found = boosted_beside(fit_to(both), both.targets, held, moving, rounds=self.rounds)
            return Committee(task, found.members, found.say)

        stage, _ = chosen_by_folds(
            range(self.stages),
            lambda rows, held: (
                _standardised(task, boosted_at(stage, rows).predict(held).labels)[:, None]
                for stage in range(self.stages)
            ),
            own,
            task,
            run,
            otherwise=self.stages // 2,
        )
        learner = boosted_at(stage, own)
        settings = {"stage": stage + 1, "target_share": round(float(1 - schedule[stage].sum()), 4)}
        return OnFeatures.of(features, (), learner, record_of(learner, settings))


def _standardised(task: Task, numbers: tuple[float, ...]) -> np.ndarray:
    return np.asarray(task.encode(numbers), dtype=np.float64)
