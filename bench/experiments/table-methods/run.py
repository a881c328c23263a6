"""table-methods: what each way of learning from another table adds to the target's own labels, on pairs of tables.

Each method is fitted once to all the labels of a draw, as a study sets it, and judged on rows that no draw holds; nothing is
chosen. The gain is over a linear model or a forest on the target alone, whichever folds of its labels ask for: points of
accuracy, or percent of the root mean squared error; its interval is over pairs. The pairs are none of those in the experiment
`tables`, where what is decided by these figures is tested.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from bench.experiment import Outcome, needed
from transferkit.core.run import Run
from transferkit.core.source import Source, SourceOptions
from transferkit.core.spelling import read_method
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.planner.arms import Arm
from transferkit.planner.source_tasks import with_networks
from transferkit.planner.usual import as_usual

LABEL = "label"
ALONE = "target_probe"
SPELLED = {ALONE: "target_probe:learner=chosen"}

Pair = tuple[pd.DataFrame, pd.DataFrame, str]
"""A table to transfer from, one to transfer to, and the task of their column `label`."""


def run(setting: dict[str, Any], data: Path) -> Outcome:
    gains: dict[str, dict[str, float]] = {method: {} for method in setting["methods"]}
    details: dict[str, Any] = {}
    for name in setting["pairs"]:
        values = _values(PAIRS[name](data), setting)
        details[name] = {method: found.tolist() for method, found in values.items()}
        for method in setting["methods"]:
            better = values[method] - values[ALONE]
            gains[method][name] = float((better if name in CLASSES else -100 * better / values[ALONE]).mean())
    figures: dict[str, Any] = {"pairs": len(setting["pairs"])}
    for method, by_pair in gains.items():
        found = np.array(list(by_pair.values()))
        half = stats.t.ppf(0.975, len(found) - 1) * stats.sem(found)
        figures |= {
            f"{method}_gain": float(found.mean()),
            f"{method}_low": float(found.mean() - half),
            f"{method}_high": float(found.mean() + half),
            f"{method}_better": int((found > 0).sum()),
        }
    return Outcome(figures, {"gains": gains, "values": details}, tuple(range(setting["draws"])))


def _values(pair: Pair, setting: dict[str, Any]) -> dict[str, np.ndarray]:
    """Method -> (draws,) its accuracy in percent, or its root mean squared error, on the rows that no draw holds."""
    source, target, task = pair
    random = np.random.default_rng(0)
    source = source.iloc[random.permutation(len(source))[: setting["most_source_rows"]]]
    order = random.permutation(len(target))
    n_test = min(setting["test_rows"], len(target) // 2)
    test, rest = target.iloc[order[:n_test]], target.iloc[order[n_test:]]
    found: dict[str, list[float]] = {}
    for draw in range(setting["draws"]):
        rows = rest.iloc[np.random.default_rng(draw).permutation(len(rest))[: setting["labels"]]]
        for method, value in _fitted(source, rows, test, task, draw, setting["methods"]):
            found.setdefault(method, []).append(value)
    return {method: np.array(values) for method, values in found.items()}


def _fitted(
    source: pd.DataFrame, rows: pd.DataFrame, test: pd.DataFrame, task: str, draw: int, methods: list[str]
) -> Iterator[tuple[str, float]]:
    """Each method's value on the test rows, after a fit to all of `rows`."""
    metric = "accuracy" if task == "classify" else "rmse"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "source.csv"
        source.to_csv(file, index=False)
        given = Target.of(rows.drop(columns=LABEL), rows[LABEL].tolist(), task=task, metric=metric, seed=draw)
        target = given.opened("the experiment table-methods").whole()
        run = Run(seed=draw, cache=FeatureCache(Path(folder) / "cache"))
        sources = with_networks((Source(str(file), SourceOptions(offline=True)),), target, run)
        for name in (ALONE, *methods):
            (arm,) = as_usual([Arm(name, read_method(SPELLED.get(name, name)), sources, "")], "tabular")
            answers = arm.method.fit(sources, target, run).predict(test.drop(columns=LABEL))
            value = target.task.metric.value(answers, target.task.read(test[LABEL].tolist()))
            yield name, 100 * value if task == "classify" else value


def hearts(data: Path) -> Pair:
    """Hungary's patients to Cleveland's: is the heart sick?"""
    (folder,) = needed(data, "uci_heart")
    tables = [pd.read_csv(folder / f"processed.{place}.data", na_values="?") for place in ("hungarian", "cleveland")]
    for table in tables:
        table[LABEL] = np.where(table.pop("target") > 0, "sick", "well")
    return tables[0], tables[1], "classify"


def wines(data: Path) -> Pair:
    """Red wines to white ones: how good do tasters find it?"""
    (folder,) = needed(data, "uci_wine_quality")
    tables = [pd.read_csv(folder / f"winequality-{colour}.csv", header=None) for colour in ("red", "white")]
    for table in tables:
        table.columns = [*(f"measure {i}" for i in range(11)), LABEL]
        table[LABEL] = table[LABEL].astype(float)
    return tables[0].drop_duplicates(), tables[1].drop_duplicates(), "regress"


def bicycles(data: Path, file: str, column: str, source: list[int], target: list[int]) -> Pair:
    """Bicycles hired in one kind of days or hours to those in another."""
    (folder,) = needed(data, "uci_bike_sharing")
    table = pd.read_csv(folder / file).drop(columns=["instant", "dteday", "casual", "registered"])
    table = table.rename(columns={"cnt": LABEL}).astype({LABEL: float})
    return *_parted(table, column, source, target), "regress"


def incomes(data: Path, column: int, source: list[str], target: list[str]) -> Pair:
    """Incomes above 50 000 dollars, of one group of people to those of another."""
    (folder,) = needed(data, "uci_adult")
    table = pd.read_csv(folder / "adult-train.csv.gz", header=None, skipinitialspace=True, na_values="?")
    table.columns = [*(f"answer {i}" for i in range(14)), LABEL]
    return *_parted(table, f"answer {column}", source, target), "classify"


def credits(data: Path) -> Pair:
    """Debtors who own their home to those who do not: do they pay back?"""
    (folder,) = needed(data, "uci_german_credit")
    table = pd.read_csv(folder / "german.csv", header=None)
    table.columns = [*(f"answer {i}" for i in range(20)), LABEL]
    table[LABEL] = table[LABEL].map({1: "good", 2: "bad"})
    return *_parted(table, "answer 14", ["A152"], ["A151", "A153"]), "classify"


def _parted(
    table: pd.DataFrame, column: str, source: list[Any], target: list[Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows that say one of `source` in a column, and those that say one of `target`; both without the column."""
    first, second = (table[table[column].isin(said)].drop(columns=column) for said in (source, target))
    return first, second


PAIRS: dict[str, Callable[[Path], Pair]] = {
    "hearts": hearts,
    "wines": wines,
    "bicycles, years": partial(bicycles, file="day.csv", column="yr", source=[1], target=[0]),
    "bicycles, seasons": partial(bicycles, file="day.csv", column="season", source=[1, 2], target=[3, 4]),
    "bicycles, holidays": partial(bicycles, file="hour.csv", column="workingday", source=[1], target=[0]),
    "incomes, men and women": partial(incomes, column=9, source=["Male"], target=["Female"]),
    "incomes, white and black": partial(incomes, column=8, source=["White"], target=["Black"]),
    "incomes, employed or not": partial(
        incomes, column=1, source=["Private"], target=["Self-emp-not-inc", "Self-emp-inc"]
    ),
    "credits": credits,
}
CLASSES = {name for name in PAIRS if name.startswith(("hearts", "incomes", "credits"))}
"""Pairs whose gain is in points of accuracy; that of the others is in percent of the error."""
