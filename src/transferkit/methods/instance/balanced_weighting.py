"""Balanced weighting: source and target labels in one fit, the target's counting for a chosen share of it.

Wu & Dietterich 2004, doi:10.1145/1015330.1015436: auxiliary data beside few own ones,

    minimise (1 - share) mean_s loss + share mean_t loss
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.training.target_labels import TargetLabelsMethod

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target


@dataclass(frozen=True, kw_only=True)
class BalancedWeighting(TargetLabelsMethod):
    """Learn from both domains at once, few target labels not drowned by many of the source. Use as the first with
    target labels.

    Source items all count alike, so those that mislead keep their say; `tradaboost` takes it from them.

    >>> str(BalancedWeighting(share=0.8))
    'balanced_weighting:share=0.8'
    """

    paper: ClassVar[str] = "doi:10.1145/1015330.1015436"
    tunes: ClassVar[dict[str, tuple[Any, ...]]] = {"share": (0.5, 0.2, 0.8, 0.95)}

    share: float = 0.5
    """What the target's labels count for, of 1."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.share < 1:
            raise WrongUse(f"{self.name}:share={self.share} must be above 0 and below 1")

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One pass through the network, then one fit."""
        from transferkit.training.learner_method import fit_learner, record_of
        from transferkit.training.on_features import OnFeatures
        from transferkit.training.target_labels import both_labelled

        features, source, own = both_labelled(self, sources, target, run, self.features)
        parts = [(1 - self.share, source.weights), (self.share, own.weights)]
        weights = np.concatenate([share * part / part.sum() for share, part in parts])
        both = source.join(own)
        learner = fit_learner(features.domains.task, self.learner, both.features, both.labels, weights, run)
        return OnFeatures.of(features, (), learner, record_of(learner, {"share": self.share}))
