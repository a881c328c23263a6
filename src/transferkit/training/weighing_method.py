"""WeighingMethod: what methods that weigh the source's items share: features, a learner, a word on what the weights
leave.

    minimise sum_i w_i loss(f(x_i), y_i) over labelled source items, and over target items where they have labels

With w the ratio of target density to source density this is, in the mean, the loss on the target (Shimodaira 2000, doi:
10.1016/S0378-3758(00)00115-4): right where inputs shift and what they mean does not.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.ops.density_ratio.two_domains import effective_items
from transferkit.training.learner_method import LearnerMethod, fit_learner, record_of, target_weights

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.training.domain_features import DomainFeatures

FEW = 0.05
"""Share below which a few items decide."""


@dataclass(frozen=True, kw_only=True)
class WeighingMethod(LearnerMethod):
    """A method is how it weighs."""

    @abstractmethod
    def weigh(self, source: np.ndarray, target: np.ndarray) -> np.ndarray:
        """(n_s,) how much each of source (n_s, d) counts beside target (n_t, d): not negative, not all 0; any scale."""

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One pass through the network, the weights, then the learner."""
        from transferkit.training.domain_features import features_for
        from transferkit.training.on_features import OnFeatures

        features = features_for(self, sources, target, run, self.features)
        run.check_deadline()
        weights = self.weigh(features.source, features.target)
        weights = weights / weights.mean()
        self._check(features, weights)
        notes = notes_on(features.source, features.target, weights)
        settings: dict[str, Any] = {"effective_items": round(effective_items(weights), 1)}
        given = features.domains.labelled.weights
        labelled = features.domains.target.train
        learner = fit_learner(
            features.domains.task,
            self.learner,
            np.concatenate([features.source, features.target[: len(labelled)]]),
            (*features.source_labels, *(labelled.labels or ())),
            np.concatenate([weights if given is None else weights * given, target_weights(features)]),
            run,
        )
        return OnFeatures.of(features, (), learner, record_of(learner, settings, notes))

    def _check(self, features: DomainFeatures, weights: np.ndarray) -> None:
        """One line where the weights leave a classifier nothing to tell apart."""
        labelled = zip(features.source_labels, weights > 0, strict=True)
        left = {label for label, counts in labelled if counts} | set(features.target_labels)
        if features.domains.task.balances and len(left) < 2:
            raise WrongUse(
                f"method {self.name}: all source items that look like the target are of the one class {next(iter(left))!r}; a "
                "classifier needs two, so use classifier_weights, which leaves none out"
            )


def notes_on(source: np.ndarray, target: np.ndarray, weights: np.ndarray) -> tuple[str, ...]:
    """What a person should know of weights (n_s,): that there was nothing to weigh for, or that a few items decide."""
    from transferkit.training.nothing_to_adapt import note_of_no_difference

    if alike := note_of_no_difference(source, target):
        return alike
    if not np.ptp(weights):
        return ("the domains differ, and no source item looks more like the target than another: all count alike",)
    left = effective_items(weights)
    if left < FEW * len(weights) or left < 10:
        return (f"few items look like the target: the weights leave {left:.0f} of {len(weights)} in effect",)
    return ()
