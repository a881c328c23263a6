"""Fine-tune on folds of the open labels: `python -m bench.oracle.briefly --data DIR --trained DIR --cache DIR --out FILE`.

What a second stage of the ranking could see. Each of a target's likely sources (`likely_best` of a rule that was made without
the target) is fitted for a few epochs on all folds but one and judged on the one, so that every label is judged once by a
network that has not seen it; all sources on the same folds with the same seed. Nothing of the test.

A row is added when a source has been judged on every fold; a second call goes on where the first was stopped.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from bench.oracle import rules
from bench.oracle.fine_tune import add
from bench.oracle.sources import sources
from bench.oracle.table import Problem, problems
from bench.oracle.targets import TARGETS
from transferkit.core.errors import Failed
from transferkit.core.method import Method
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.evaluate.forecast import RULE
from transferkit.evaluate.ranking import likely_best
from transferkit.evaluate.summary import RankedSource
from transferkit.methods.finetune.full import Full
from transferkit.ops.folds import folds

FIELDS = ("target", "source", "epochs", "folds", "seconds", "right", "sure")
"""right: a digit for each label, in content order. sure: the chance given to its true class, in 1/1000."""


def main() -> None:
    """Read the command line and fit what is not in the table yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--trained", type=Path, required=True, help="where train_sources wrote")
    parser.add_argument("--cache", type=Path, required=True, help="feature cache")
    parser.add_argument("--out", type=Path, required=True, help="the CSV")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--folds", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    lent = sources(given.data, given.trained)
    run = Run(cache=FeatureCache(given.cache))
    targets = {name: read(given.data).whole() for name, read in TARGETS.items()}
    done = finished(given.out)
    for target, source in in_turn(problems()):
        if (target, source, str(given.epochs), str(given.folds)) not in done:
            begun = time.monotonic()
            right, sure = cross_fitted(lent[source], targets[target], Full(epochs=given.epochs), given.folds, run)
            row = (target, source, str(given.epochs), str(given.folds), f"{time.monotonic() - begun:.2f}")
            add(given.out, (*row, "".join(map(str, right)), " ".join(map(str, np.round(1000 * sure).astype(int)))))


def in_turn(table: Sequence[Problem]) -> Iterator[tuple[str, str]]:
    """(target, source): the likeliest source of every target, then the second of every target, as far as they are likely."""
    sets = likely_sets(table)
    for place in range(max(map(len, sets))):
        for problem, chosen in zip(table, sets, strict=True):
            if place < len(chosen):
                yield problem.target, problem.sources[chosen[place]]


def likely_sets(table: Sequence[Problem]) -> list[list[int]]:
    """Positions of each target's likely sources, the likeliest first, by the rule's terms, fitted without the target."""
    return [likely(judged.forecast.chance) for judged in rules.left_out(table, tuple(RULE.coefficients))]


def likely(chance: np.ndarray | None) -> list[int]:
    """The positions of `likely_best`; a forecast by a rule has chances."""
    if chance is None:
        raise ValueError("nothing is known of the chances")
    rows = [RankedSource(str(i), 0.0, 0.0, 0.0, {}, None, chance=float(one)) for i, one in enumerate(chance)]
    return [int(name) for name in likely_best(rows)]


def cross_fitted(
    source: Source, target: Target, method: Method, n_folds: int, run: Run
) -> tuple[np.ndarray, np.ndarray]:
    """(n,) of 0 and 1 and (n,) of chances of the true class: every label, judged by what was fitted to other folds."""
    data = target.train
    strata = target.task.strata(data.labels or ())
    classes = list(target.task.describe()["classes"])
    fold = folds(strata, n_folds, seed=run.seed)
    right, sure = np.zeros(len(data), dtype=int), np.zeros(len(data))
    for held in range(n_folds):
        judged = np.flatnonzero(fold == held)
        predictor = method.fit((source,), replace(target, train=data.take(np.flatnonzero(fold != held))), run)
        predictions = predictor.judge(data.take(judged), run)
        if predictions.scores is None:
            raise Failed(f"{method.name} gives no chances, which the table needs")
        truth = [classes.index(str((data.labels or ())[i])) for i in judged]
        sure[judged] = predictions.scores[np.arange(len(judged)), truth]
        right[judged] = predictions.scores.argmax(axis=1) == truth
    return right, sure


def finished(table: Path) -> set[tuple[str, ...]]:
    """(target, source, epochs, folds) of every row."""
    if not table.exists():
        with table.open("w", newline="") as file:
            csv.writer(file).writerow(FIELDS)
    with table.open(newline="") as file:
        return {tuple(row[:4]) for row in list(csv.reader(file))[1:]}


if __name__ == "__main__":
    main()
