"""Cross-fitted: the gain of a procedure where every label was judged by what was learned and chosen without it.

For targets too small for a sealed test. The labels are dealt into K folds; each is judged by an arm and a baseline that were
chosen and fitted on the others; the deal is repeated R times. The predictions of a repeat are judged together, so that a
metric that is no mean of items is that of all labels, and each repeat gives one value an item: a table, repeats x items, whose
interval is in `ops/statistics/cross_fitted.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.examples import Examples
from transferkit.core.task import Predictions, Task
from transferkit.evaluate.proof import Proven, judged
from transferkit.evaluate.summary import Gain
from transferkit.ops.statistics.cross_fitted import cross_fitted_interval


@dataclass(frozen=True, eq=False)
class CrossFitted:
    """One claim: an arm, or the whole procedure that chooses one, against its baseline."""

    arms: tuple[str, ...]
    """What was chosen, one an outer fold, repeat after repeat."""
    predictions: tuple[Predictions, ...]
    """Of the arm, one a repeat, each of all judged items in their order."""
    baseline_predictions: tuple[Predictions, ...]

    @property
    def chosen(self) -> dict[str, int]:
        """How often each arm was chosen, the most frequent first."""
        return dict(Counter(self.arms).most_common())

    def proven(self, examples: Examples, task: Task) -> tuple[Proven, Proven]:
        """The arm and the baseline on the judged items, one row a repeat; predictions are those of the first."""
        labels = examples.labels or ()
        return judged(self.predictions, task, labels), judged(self.baseline_predictions, task, labels)

    def gain(self, examples: Examples, task: Task, level: float = 0.95) -> Gain:
        """The gain over the baseline on the judged items; `n_seeds` counts the repeats."""
        arm, baseline = self.proven(examples, task)
        metric, step = task.metric, task.metric.step(examples.labels or ())
        return cross_fitted_gain(arm.per_item, baseline.per_item, metric.higher_is_better, level, step, metric.reach)


@dataclass(frozen=True, eq=False)
class CrossFitting:
    """Everything that repeated cross-fitting has found."""

    claims: dict[str, CrossFitted]
    """By what is claimed; empty where not one repeat was finished."""
    examples: Examples
    """The items that were judged, once a repeat."""
    n_folds: int
    n_repeats: int
    seconds: float = 0.0
    n_fits: int = 0
    notes: tuple[str, ...] = ()
    """Lines a person should read: what ended early, which class was never judged."""

    def evidence(self, named: Mapping[str, tuple[str, str]], task: Task) -> dict[str, Proven]:
        """By arm, one row a repeat, for claims given with the names of their arm and baseline."""
        found: dict[str, Proven] = {}
        for claim, (arm, baseline) in named.items():
            if claim in self.claims:
                found[arm], found[baseline] = self.claims[claim].proven(self.examples, task)
        return found

    def judged_by(self, gain: Gain, items: str = "items") -> str:
        """How a gain was judged, for `sentence(..., cross_fitted=...)`; `items`: what they are called.

        >>> nothing = CrossFitting({}, Examples((), ()), n_folds=5, n_repeats=3)
        >>> nothing.judged_by(Gain(0.1, 0.0, 0.2, 0.95, n_seeds=3, n_items=30, smallest_detectable=0.1))
        'judged by 5-fold cross-fitting, 3 repeats, 30 items'
        """
        said = f"judged by {self.n_folds}-fold cross-fitting, {gain.n_seeds} repeat{'s' * (gain.n_seeds != 1)}"
        return f"{said}, {gain.n_items} {items}" + (", so that another draw may differ by more" * (gain.n_seeds == 1))

    def as_extra(self) -> dict[str, Any]:
        """For `StudySummary.extra["cross_fitting"]`."""
        return {
            "folds": self.n_folds,
            "repeats": self.n_repeats,
            "n_items": len(self.examples),
            "chosen": {name: claim.chosen for name, claim in self.claims.items()},
            "seconds": self.seconds,
            "fits": self.n_fits,
        }


def cross_fitted_gain(
    arm: np.ndarray,
    baseline: np.ndarray,
    higher_is_better: bool = True,
    level: float = 0.95,
    step: float = 1.0,
    reach: float = 1.0,
) -> Gain:
    """As `paired_gain`, on (R repeats, n items) of the metric's values where the items were learned from as well.

    >>> gain = cross_fitted_gain(np.array([[1.0, 1.0, 0.0, 1.0]] * 3), np.array([[0.0, 1.0, 0.0, 1.0]] * 3))
    >>> gain.mean, gain.n_seeds, gain.n_items
    (0.25, 3, 4)
    """
    if arm.shape != baseline.shape or arm.ndim != 2:
        raise ValueError(f"arm {arm.shape} and baseline {baseline.shape} must be tables of the same repeats and items")
    differences = np.asarray(arm, dtype=np.float64) - np.asarray(baseline, dtype=np.float64)
    interval = cross_fitted_interval(differences if higher_is_better else -differences, level, step)
    return Gain(
        mean=interval.mean,
        low=max(interval.low, -reach),
        high=min(interval.high, reach),
        level=level,
        n_seeds=arm.shape[0],
        n_items=arm.shape[1],
        smallest_detectable=min(interval.smallest_detectable, reach),
    )


def procedure(method: str, sources: Sequence[str]) -> str:
    """What the sentence is about where not one arm but the choosing is judged.

    >>> procedure("linear_probe", ["zoo:digits-cnn"])
    'Transfer as it is chosen here (from all labels: zoo:digits-cnn by linear_probe)'
    """
    origin = f"{' and '.join(sources)} by {method}" if sources else method
    return f"Transfer as it is chosen here (from all labels: {origin})"
