"""Source probe: a linear head on frozen features, fitted to the source's labels alone: the baseline of shallow adaptation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from transferkit.core.method import ANY, Method, Needs

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target


@dataclass(frozen=True, kw_only=True)
class SourceProbe(Method):
    """Learn from the labels of the source domain, predict on the target as if it were the same domain.

    The baseline of methods that align features or weigh items. The right choice itself where the domains do not differ.

    >>> str(SourceProbe(solver="ridge"))
    'source_probe:solver=ridge'
    """

    needs: ClassVar[Needs] = Needs(
        models=(0, 1), data=(1, ANY), target_labels=False, unlabelled=True, features=True, moves_weights=False
    )
    is_baseline: ClassVar[bool] = True
    deterministic: ClassVar[bool] = True

    features: Literal["network", "raw"] = "network"
    """network: of the model's frozen network; raw: the items' own numbers, as those of a table's rows are in any case."""
    solver: Literal["logistic", "ridge"] = "logistic"

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One pass through the network, then a closed form."""
        from transferkit.training.domain_features import features_for
        from transferkit.training.learners.linear import fit_linear
        from transferkit.training.on_features import OnFeatures

        features = features_for(self, sources, target, run, self.features)
        learner = fit_linear(
            features.domains.task,
            features.source,
            features.source_labels,
            features.domains.labelled.weights,
            self.solver,
        )
        return OnFeatures.of(features, (), learner)
