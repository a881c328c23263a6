"""Source prior: a linear model of the target's labels, held near that of the source's.

Chelba & Acero 2006, doi:10.1016/j.csl.2005.05.005: a Gaussian prior around the source's weights; for numbers the same
with squared errors. Differs: how strong the prior is, is chosen by folds of the target's labels, source alone among
the choices; common code has a fixed strength.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from transferkit.core.method import Method, Needs
from transferkit.core.task import Task
from transferkit.training.target_labels import NEEDS

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target

STRENGTHS = (1000.0, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.01)
"""To choose from, the strongest first."""


@dataclass(frozen=True, kw_only=True)
class SourcePrior(Method):
    """Move a linear model of the source as far as the target's labels ask. Use with few target labels: it never
    starts from nothing.

    Cannot follow where the target needs other features than the source; then learn from the target alone.

    >>> str(SourcePrior(strength=10.0))
    'source_prior:strength=10.0'
    """

    needs: ClassVar[Needs] = NEEDS
    paper: ClassVar[str] = "doi:10.1016/j.csl.2005.05.005"
    baseline: ClassVar[str] = "source_probe"
    deterministic: ClassVar[bool] = False
    positive: ClassVar[tuple[str, ...]] = ("strength",)

    features: Literal["network", "raw"] = "network"
    """network: of the model's frozen network; raw: the items' own numbers, as those of a table's rows are in any case."""
    strength: float | None = None
    """Of the prior, an item of loss being 1; None: chosen by folds of the target's labels, up to infinite."""

    def suits(self, task: Task) -> bool:
        """Classes and numbers."""
        return task.name in ("classify", "regress")

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One pass through the network, the source's model, then a convex fit."""
        from transferkit.core.task import ClosedForm
        from transferkit.ops.source_prior import logistic_towards, ridge_towards
        from transferkit.training.learner_method import record_of
        from transferkit.training.learners.linear import Linear, fit_linear
        from transferkit.training.on_features import OnFeatures
        from transferkit.training.target_labels import Labelled, both_labelled, chosen_by_folds, with_one

        features, source, own = both_labelled(self, sources, target, run, self.features)
        task = features.domains.task
        solver = "logistic" if task.balances else "ridge"
        head = fit_linear(task, source.features, source.labels, source.weights, solver).head
        prior = np.concatenate([head.weight, head.bias[:, None]], axis=1)  # (k, d + 1)

        def moved(strength: float, rows: Labelled) -> np.ndarray:
            if not np.isfinite(strength):
                return prior
            wide = with_one(rows.features)
            if task.balances:
                return logistic_towards(wide, rows.targets, prior, strength, rows.weights)
            return ridge_towards(wide, rows.targets[:, None].astype(np.float64), prior, strength, rows.weights)

        strength = np.inf if self.strength is None else self.strength
        if self.strength is None:
            strengths = (np.inf, *STRENGTHS)
            strength, _ = chosen_by_folds(
                strengths,
                lambda rows, held: (with_one(held) @ moved(one, rows).T for one in strengths),
                own,
                task,
                run,
                otherwise=10.0,
            )
        found = moved(strength, own)
        learner = Linear(task, ClosedForm(found[:, :-1], found[:, -1]))
        notes = () if np.isfinite(strength) else ("the target's labels gain nothing over the source's model as it is",)
        settings = {"strength": strength if np.isfinite(strength) else "infinite"}
        return OnFeatures.of(features, (), learner, record_of(learner, settings, notes))
