"""Boosting continued: boosted trees of the source, and further trees on what they leave of the target's labels.

Friedman 2001, doi:10.1214/aos/1013203451, begun from another domain's outputs instead of a constant; what the warm
start of boosting libraries does, with the number of further stages chosen by folds of the target's labels, none among
the choices. Differs: a class may be in one domain only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.core.method import Method, Needs
from transferkit.core.task import Task
from transferkit.training.target_labels import NEEDS

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target

FURTHER = (0, 1, 2, 4, 8, 16, 32, 64)
"""Stages on the target's labels to choose from."""


@dataclass(frozen=True, kw_only=True)
class BoostedContinued(Method):
    """Continue the source's boosted trees on the target's labels. Use for tables, where trees are strong; not for
    network features.

    What the source's trees say is added to, never taken back: where it misleads, learn from the target alone.

    >>> str(BoostedContinued(stages=50))
    'boosted_continued:stages=50'
    """

    needs: ClassVar[Needs] = NEEDS
    paper: ClassVar[str] = "doi:10.1214/aos/1013203451"
    baseline: ClassVar[str] = "source_probe"
    positive: ClassVar[tuple[str, ...]] = ("stages", "rate", "depth", "least_items")

    features: Literal["network", "raw"] = "network"
    """network: of the model's frozen network; raw: the items' own numbers, as those of a table's rows are in any case."""
    stages: int = 100
    """Trees on the source, one a class."""
    further: int | None = None
    """Stages on the target; None: chosen by folds of its labels."""
    rate: float = 0.1
    """What of a tree is added."""
    depth: int = 3
    least_items: int = 5
    """Target items in a leaf of a further tree, at least."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.further is not None and self.further < 0:
            raise WrongUse(f"{self.name}:further={self.further} must be at least 0")

    def suits(self, task: Task) -> bool:
        """Classes and numbers."""
        return task.name in ("classify", "regress")

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One pass through the network, then trees."""
        from transferkit.ops.trees.boosting import Stage, boosted, outputs_of, start_of
        from transferkit.training.learner_method import record_of
        from transferkit.training.learners.additive import Additive
        from transferkit.training.on_features import OnFeatures
        from transferkit.training.target_labels import Labelled, both_labelled, chosen_by_folds, n_outputs

        features, source, own = both_labelled(self, sources, target, run, self.features)
        task = features.domains.task
        start = start_of(source.targets, n_outputs(task), source.weights)
        grow = partial(boosted, rate=self.rate, depth=self.depth, after_stage=run.check_deadline)
        first = grow(
            source.features,
            source.targets,
            np.repeat(start[None], len(source), axis=0),
            stages=self.stages,
            weights=source.weights,
            seed=run.derived_seed("trees of the source"),
        )

        def continued(further: int, rows: Labelled) -> list[Stage]:
            return grow(
                rows.features,
                rows.targets,
                outputs_of(rows.features, first, self.rate, start),
                stages=further,
                least_items=self.least_items,
                weights=rows.weights,
                seed=run.derived_seed("trees of the target"),
            )

        def after_each(rows: Labelled, held: np.ndarray) -> Iterator[np.ndarray]:
            """Raw outputs after each number of `FURTHER`: the stages are the same, only more of them."""
            stages = continued(FURTHER[-1], rows)
            outputs = outputs_of(held, first, self.rate, start)
            for fewer, more in pairwise((0, *FURTHER)):
                outputs = outputs_of(held, stages[fewer:more], self.rate, outputs)
                yield outputs

        further = self.further or 0
        if self.further is None:
            further, _ = chosen_by_folds(
                FURTHER,
                after_each,
                own,
                task,
                run,
                otherwise=4,
            )
        learner = Additive(task, start, self.rate, (*first, *continued(further, own)))
        notes = () if further else ("the target's labels gain nothing over the source's trees as they are",)
        return OnFeatures.of(features, (), learner, record_of(learner, {"further": further}, notes))
