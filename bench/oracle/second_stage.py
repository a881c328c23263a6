"""A second stage: what fine-tuning the likely sources briefly, on folds of the labels (`briefly.py`), adds to their ranking.

Four orders of a target's likely sources are judged, each by what all other targets teach:

- `accuracy`: right answers on left-out labels after tuning; equal ones in the order of the first stage;
- `chance`: the mean chance given to the true class, a finer reading of the same fits;
- `log chance`: the mean of its logarithm, no chance counting as less than 1/1000;
- `combined`: the first stage's forecast and the logit of that accuracy, weighed by the inverse of what either's square errors,
  centred within a target, were on the other targets.

Every other source stays behind them, in the order of the first stage. `regret_of_label_noise` is what could be hoped for at
best.
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
DRAWS = 4000
LEAST_CHANCE = 1e-3
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


def by_log_chance(one: Stage, others: Sequence[Stage]) -> np.ndarray:
    """(n_chosen,)"""
    return np.asarray(np.log(np.maximum(one.sure, LEAST_CHANCE)).mean(axis=1))


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
    "log chance": by_log_chance,
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


def regret_of_label_noise(made: Sequence[Stage]) -> list[float]:
    """For every target: the mean regret of a reader that is right on average, yet judges by as many labels as there are.

    Its value of a likely source is what full fine-tuning truly reaches plus the error of the mean over n items, drawn by the
    bootstrap of the tuned fits' right answers, the same items for all sources.
    """
    generator = np.random.default_rng(0)
    found = []
    for one in made:
        n = one.right.shape[1]
        drawn = generator.integers(0, n, (DRAWS, n))
        error = one.right[:, drawn].mean(axis=2) - one.right.mean(axis=1, keepdims=True)  # (n_chosen, DRAWS)
        truth = one.problem.truth[one.chosen]
        picked = (truth[:, None] + error).argmax(axis=0)
        found.append(float(one.problem.truth.max() - truth[picked].mean()))
    return found


def leads(made: Sequence[Stage]) -> dict[str, dict[str, float]]:
    """Target -> how far the source that tuning puts first is ahead of the truly best likely one, in shares.

    On the labels, with the standard error of that, paired by item; and on the test.
    """
    found = {}
    for one in made:
        truth = one.problem.truth[one.chosen]
        picked, best = int(by_accuracy(one, []).argmax()), int(truth.argmax())
        apart = one.right[picked] - one.right[best]
        found[one.problem.target] = {
            "on_labels": float(apart.mean()),
            "standard_error": float(apart.std(ddof=1) / np.sqrt(len(apart))),
            "on_test": float(truth[picked] - truth[best]),
        }
    return found


def cost_share(made: Sequence[Stage], folder: Path = HERE) -> float:
    """Seconds of this stage, as a share of fine-tuning every source once on all labels."""
    taken: dict[tuple[str, str], list[float]] = {}
    with (folder / "fine_tuned.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["method"] == "full":
                taken.setdefault((row["target"], row["source"]), []).append(float(row["seconds"]))
    everything = sum(np.mean(taken[one.problem.target, name]) for one in made for name in one.problem.sources)
    return float(sum(one.seconds for one in made) / everything)
