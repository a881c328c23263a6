"""A second stage: what fine-tuning the likely sources briefly, on folds of the labels (`briefly.py`), adds to their ranking.

Three orders of a target's likely sources are judged, each by what all other targets teach:

- `accuracy`: right answers on left-out labels after tuning; equal ones in the order of the first stage;
- `chance`: the mean chance given to the true class, a finer reading of the same fits;
- `combined`: the first stage's forecast and the logit of that accuracy, weighed by the inverse of what either's square errors,
  centred within a target, were on the other targets.

Every other source stays behind them, in the order of the first stage.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import logit

from bench.oracle import rules
from bench.oracle.briefly import likely_sets
from bench.oracle.table import HERE, Problem
from transferkit.core.errors import Failed
from transferkit.evaluate.forecast import RULE

FILE = "briefly_tuned.csv"
BEHIND = 1e3
"""Taken off the logits of what was not tuned."""


@dataclass(frozen=True, eq=False)
class Stage:
    """One target's likely sources, tuned so briefly."""

    problem: Problem
    chosen: list[int]
    """Positions of the sources."""
    first: np.ndarray
    """(n_sources,) the first stage's forecasts, in logits."""
    right: np.ndarray
    """(n_chosen, n_labels) 0 or 1."""
    sure: np.ndarray
    """(n_chosen, n_labels) chance of the true class."""
    seconds: float

    @property
    def tuned(self) -> np.ndarray:
        """(n_chosen,) logits of the accuracies, half an item right and half an item wrong more."""
        n, right = self.right.shape[1], self.right.sum(axis=1)
        return np.asarray(np.log((right + 0.5) / (n - right + 0.5)))

    @property
    def truth(self) -> np.ndarray:
        """(n_chosen,) logits of what full fine-tuning reaches."""
        return rules.logits_of(self.problem)[self.chosen]


def stages(table: Sequence[Problem], epochs: int, folder: Path = HERE) -> list[Stage]:
    """Every target's; Failed, one line, where a likely source has not been tuned."""
    found = {}
    with (folder / FILE).open(newline="") as file:
        for row in csv.DictReader(file):
            if int(row["epochs"]) == epochs:
                found[row["target"], row["source"]] = row
    made = []
    judged = rules.left_out(table, tuple(RULE.coefficients))
    for one, chosen in zip(judged, likely_sets(table), strict=True):
        names = [one.problem.sources[i] for i in chosen]
        if absent := [name for name in names if (one.problem.target, name) not in found]:
            raise Failed(f"{FILE} has no row for {absent[0]} on {one.problem.target}; run bench.oracle.briefly again")
        rows = [found[one.problem.target, name] for name in names]
        made.append(
            Stage(
                problem=one.problem,
                chosen=chosen,
                first=logit(one.forecast.middle),
                right=np.array([[int(digit) for digit in row["right"]] for row in rows]),
                sure=np.array([[int(word) / 1000 for word in row["sure"].split()] for row in rows]),
                seconds=sum(float(row["seconds"]) for row in rows),
            )
        )
    return made


def by_accuracy(one: Stage, others: Sequence[Stage]) -> np.ndarray:
    """(n_chosen,)"""
    return one.tuned + 1e-6 * one.first[one.chosen]


def by_chance(one: Stage, others: Sequence[Stage]) -> np.ndarray:
    """(n_chosen,)"""
    return np.asarray(one.sure.mean(axis=1))


def combined(one: Stage, others: Sequence[Stage]) -> np.ndarray:
    """(n_chosen,)"""
    first = _square_error([other.truth - other.first[other.chosen] for other in others])
    tuned = _square_error([other.truth - other.tuned for other in others])
    return np.asarray((one.first[one.chosen] / first + one.tuned / tuned) / (1 / first + 1 / tuned))


def _square_error(errors: Sequence[np.ndarray]) -> float:
    """Mean within targets: what lifts all sources of a target alike is no error of their order."""
    centred = [np.square(one - one.mean()).sum() for one in errors]
    return float(sum(centred) / sum(len(one) - 1 for one in errors))


ORDERS: dict[str, Callable[[Stage, Sequence[Stage]], np.ndarray]] = {
    "accuracy": by_accuracy,
    "chance": by_chance,
    "combined": combined,
}


def values(made: Sequence[Stage], order: str) -> list[np.ndarray]:
    """(n_sources,) for every target: higher where it is tried earlier, whatever the scale."""
    found = []
    for one in made:
        ordered = one.first - BEHIND
        ordered[one.chosen] = ORDERS[order](one, [other for other in made if other is not one])
        found.append(ordered)
    return found
