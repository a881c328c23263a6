"""Target probe: a linear head on the target's own features, fitted to the target's labels alone. What mappings are
compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from transferkit.training.space_method import SpaceMethod, predictor_in
from transferkit.training.spelled_estimators import LINEAR

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target


@dataclass(frozen=True, kw_only=True)
class TargetProbe(SpaceMethod):
    """Learn from the target's labels alone, on the same features and by the same learner as a mapping.

    The right choice itself where the source has nothing to say of the target. Given the same sources as a mapping, of
    which it takes no more than the model that reads the target.

    >>> str(TargetProbe(learner="random_forest"))
    'target_probe:learner=random_forest'
    """

    is_baseline: ClassVar[bool] = True
    baseline: ClassVar[str] = "target_probe"

    @property
    def deterministic(self) -> bool:  # type: ignore[override]
        """A linear head is the same whatever the seed."""
        return self.learner == LINEAR

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One pass through the network, then the learner."""
        from transferkit.training.learner_method import record_of
        from transferkit.training.two_spaces import TwoSpaces

        spaces = TwoSpaces.of(self, sources, target, run)
        run.check_deadline()
        own = spaces.target[: len(spaces.target_labels)]
        learner = self.learned(spaces.task, own, spaces.target_labels, spaces.target_weights, run)
        return predictor_in(spaces, learner, record_of(learner, {}, spaces.notes))
