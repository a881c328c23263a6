"""Adaptive SVM: hyperplanes for the target's labels, near those of the source's.

Yang, Yan & Hauptmann 2007, doi:10.1145/1291233.1291276, equation 4, linear kernel, one class against the rest.
Differs: an intercept is a feature that is 1, near the source's too; how much a target label counts is chosen by
folds, 0 among the choices; margins are multiplied by the sharpness under which left-out labels are likeliest, so that
probabilities mean something.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from transferkit.core.method import Method, Needs
from transferkit.training.class_labels import n_classes
from transferkit.training.target_labels import NEEDS

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.core.task import Task

STRENGTHS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
"""To choose from; 0 is the source as it is."""
SHARPNESS = np.logspace(-1, 1.5, 26)


@dataclass(frozen=True, kw_only=True)
class AdaptiveSVM(Method):
    """Shift the source's hyperplanes by margins of the target's labels. Use with few target labels on features that separate.

    Where the source's hyperplanes point the wrong way altogether, learn from the target alone.

    >>> str(AdaptiveSVM(strength=0.1))
    'adaptive_svm:strength=0.1'
    """

    needs: ClassVar[Needs] = NEEDS
    paper: ClassVar[str] = "doi:10.1145/1291233.1291276"
    baseline: ClassVar[str] = "source_probe"
    positive: ClassVar[tuple[str, ...]] = ("strength", "source_strength")

    features: Literal["network", "raw"] = "network"
    """network: of the model's frozen network; raw: the items' own numbers, as those of a table's rows are in any case."""
    strength: float | None = None
    """How much a target item inside the margin counts (the paper's C); None: chosen by folds of the target's labels."""
    source_strength: float = 0.1
    """The same of the machine that is fitted to the source."""

    def suits(self, task: Task) -> bool:
        """One class against the rest."""
        return task.name == "classify"

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One pass through the network, then a quadratic program a class for each domain."""
        from transferkit.core.task import ClosedForm
        from transferkit.ops.adaptive_svm import adaptive_svm
        from transferkit.training.learner_method import record_of
        from transferkit.training.learners.linear import Linear
        from transferkit.training.on_features import OnFeatures
        from transferkit.training.target_labels import Labelled, both_labelled, chosen_by_folds, losses, with_one

        features, source, own = both_labelled(self, sources, target, run, self.features)
        task = features.domains.task
        count = n_classes(task, self)

        def machines(prior: np.ndarray, strength: float, rows: Labelled) -> np.ndarray:
            """(k, d + 1)"""
            if not strength:
                return prior
            found = []
            for position in range(count):
                run.check_deadline()
                signs = np.where(rows.targets == position, 1.0, -1.0)
                found.append(adaptive_svm(with_one(rows.features), signs, prior[position], strength, rows.weights))
            return np.stack(found)

        prior = machines(np.zeros((count, features.source.shape[1] + 1)), self.source_strength, source)
        strengths = STRENGTHS if self.strength is None else (self.strength,)
        strength, left_out = chosen_by_folds(
            strengths,
            lambda rows, held: (with_one(held) @ machines(prior, one, rows).T for one in strengths),
            own,
            task,
            run,
            otherwise=0.1 if self.strength is None else self.strength,
        )
        found = machines(prior, strength, own)
        seen, truth = (
            (left_out, own.targets) if left_out is not None else (with_one(source.features) @ prior.T, source.targets)
        )
        sharpness = float(min(SHARPNESS, key=lambda s: losses(s * seen, truth, classes=True).mean()))
        learner = Linear(task, ClosedForm(sharpness * found[:, :-1], sharpness * found[:, -1]))
        notes = () if strength else ("the target's labels gain nothing over the source's hyperplanes as they are",)
        return OnFeatures.of(features, (), learner, record_of(learner, {"strength": strength}, notes))
