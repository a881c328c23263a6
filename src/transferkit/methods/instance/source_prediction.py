"""Source prediction: what models of the source say of an item is a feature of it, beside its own.

Florian, Hassan, Ittycheriah, Jing, Kambhatla, Luo, Nicolov & Roukos 2004 (NAACL), "PRED" in Daume 2007 (ACL), section 2.
Differs: a linear model and a forest of the source are both listened to, and what they say weighs ten times a feature, so that
a penalty on the target's own model leaves them for last: with few labels it no more than shifts and stretches their answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from transferkit.core.method import Needs
from transferkit.training.learner_method import LearnerMethod
from transferkit.training.spelled_estimators import CHOSEN, LINEAR

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target

WEIGHT = 10.0
"""Standard deviation of what is said, where that of a feature is 1."""
MOST_ROWS = 5000
"""Of the source that a tree of its forest sees."""


@dataclass(frozen=True, kw_only=True)
class SourcePrediction(LearnerMethod):
    """Learn from the target's labels, given what the source's models say. For tables with ten labels or more: the source may
    be on another scale, or right about a part of the rows alone.

    Of a source that says nothing of the target the learner is told noise; `target_probe`, with the same learner, is not.

    >>> str(SourcePrediction(learner="linear"))
    'source_prediction:learner=linear'
    """

    needs: ClassVar[Needs] = Needs(models=(0, 1), data=(1, 1), target_labels=True, features=True, moves_weights=False)
    paper: ClassVar[str] = "Florian et al. 2004 (NAACL); Daume 2007 (ACL)"
    baseline: ClassVar[str] = "target_probe:learner=chosen"
    tried_on: ClassVar[Literal["every", "promising", "named"]] = "every"

    learner: str = CHOSEN
    """Of the target: chosen, a linear model or a forest by folds of its labels; linear; or an estimator of scikit-learn."""

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """The source's models, then the target's."""
        from transferkit.training.chosen_learner import FOREST
        from transferkit.training.learner_method import fit_learner, record_of
        from transferkit.training.learners.stacked import Said, Stacked
        from transferkit.training.on_features import OnFeatures
        from transferkit.training.target_labels import both_labelled

        features, source, own = both_labelled(self, sources, target, run, self.features)
        task = features.domains.task
        forest = f"{FOREST}/max_samples={min(MOST_ROWS, len(source))}"
        by = []
        for spelled in (LINEAR, forest):
            run.check_deadline()
            by.append(fit_learner(task, spelled, source.features, source.labels, source.weights, run))
        said = Said.of(task, by, own.features, WEIGHT)
        last = fit_learner(task, self.learner, said.beside(own.features), own.labels, own.weights, run)
        learner = Stacked(said, last)
        return OnFeatures.of(features, (), learner, record_of(learner, {"learner": last.kind}))
