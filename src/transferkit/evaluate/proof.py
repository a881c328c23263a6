"""The proof: open the sealed test split once, after every choice has been made, and judge each arm item by item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from transferkit.core.errors import TransferkitError
from transferkit.core.examples import Examples
from transferkit.core.predictor import Predictor
from transferkit.core.run import Progress, silent
from transferkit.core.target import Target
from transferkit.core.task import Metric, Predictions, Task


@dataclass(frozen=True, eq=False)
class Proven:
    """One arm on the test split."""

    per_item: np.ndarray
    """(n_seeds, n_items): the metric's value for each item, its mean the metric."""
    predictions: Predictions
    """Of the first seed: the one that is returned."""
    further: Mapping[str, np.ndarray] = field(default_factory=dict)
    """The same for every other metric of the task, by name."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Other metrics that could not be computed here -> why."""

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
        evidence[arm] = judged([answered[id(p)] for p in several], target.task, labels)
    return evidence, test


def judged(answers: Sequence[Predictions], task: Task, labels: Sequence[Any]) -> Proven:
    """What one arm is worth by its answers, one a seed: by the metric of choice, which must be computable, and every other."""
    primary, *others = task.metrics
    further, left_out = {}, {}
    for metric in others:
        try:
            further[metric.name] = _table(metric, answers, labels)
        except TransferkitError as reason:
            left_out[metric.name] = str(reason)
    return Proven(_table(primary, answers, labels), answers[0], further, left_out)


def _table(metric: Metric, answers: Sequence[Predictions], labels: Sequence[Any]) -> np.ndarray:
    """(n_seeds, n_items); answers of one predictor for several seeds are judged once."""
    rows: dict[int, np.ndarray] = {}
    for answer in answers:
        if id(answer) not in rows:
            rows[id(answer)] = metric.per_item(answer, labels)
    return np.stack([rows[id(answer)] for answer in answers])
