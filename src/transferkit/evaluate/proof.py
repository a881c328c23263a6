"""The proof: open the sealed test split once, after every choice has been made, and judge each arm item by item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from transferkit.core.examples import Examples
from transferkit.core.predictor import Predictor
from transferkit.core.run import Progress, silent
from transferkit.core.target import Target
from transferkit.core.task import Predictions


@dataclass(frozen=True, eq=False)
class Proven:
    """One arm on the test split."""

    per_item: np.ndarray
    """(n_seeds, n_items): the metric's value for each item, its mean the metric."""
    predictions: Predictions
    """Of the first seed: the one that is returned."""

    @property
    def value(self) -> float:
        """The metric, mean over seeds and items."""
        return float(self.per_item.mean())


def prove(
    predictors: Mapping[str, Sequence[Predictor]], target: Target, purpose: str, progress: Progress = silent
) -> tuple[dict[str, Proven], Examples]:
    """Arm name -> its evidence, for arms whose predictors (one a seed) are final; and the test items themselves.

    A predictor that stands for several seeds (a deterministic method) is asked once.
    """
    test = target.test.open(purpose)
    labels = test.labels or ()
    answered: dict[int, Predictions] = {}
    total = len({id(p) for several in predictors.values() for p in several})
    evidence = {}
    for arm, several in predictors.items():
        for predictor in several:
            if id(predictor) not in answered:
                answered[id(predictor)] = predictor.predict(test.items)
                progress("proof on the sealed test", len(answered), total)
        rows = [target.task.metric.per_item(answered[id(p)], labels) for p in several]
        evidence[arm] = Proven(np.stack(rows), answered[id(several[0])])
    return evidence, test
