"""tables: a small table and a larger one of its kind - ours, that transfers, against scikit-learn's best tuned models.

Ours: `transfer` as it comes, given the other table as a file and a budget, on the labelled rows alone; it is judged on
rows it never saw. Theirs: linear model, random forest and gradient boosting, each over a grid, the best by five-fold
cross-validation on the target's rows; fitted on those alone, and on both tables pooled (the other table's rows join every
training fold, and are never judged).
"""

from __future__ import annotations

import itertools
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import transferkit as tk
from bench.experiment import Outcome, needed
from transferkit.core.source import Source, SourceOptions
from transferkit.core.target import Target
from transferkit.core.task import Metric, Predictions, Task
from transferkit.data.cache import FeatureCache
from transferkit.evaluate.gain import paired_gain

LABEL = "label"
FOLDS = 5


@dataclass(frozen=True)
class Pair:
    """A table to transfer from, one to transfer to, both with a column `label`."""

    source: pd.DataFrame
    target: pd.DataFrame
    task: str


def run(setting: dict[str, Any], data: Path) -> Outcome:
    pair = PAIRS[setting["pair"]](data)
    random = np.random.default_rng(setting["seed"])
    source = pair.source.iloc[random.permutation(len(pair.source))[: setting["most_source_rows"]]]
    order = random.permutation(len(pair.target))
    test, rest = pair.target.iloc[order[: setting["test_rows"]]], pair.target.iloc[order[setting["test_rows"] :]]
    values: dict[str, list[np.ndarray]] = {"ours": [], "alone": [], "pooled": []}
    seconds: dict[str, list[float]] = {name: [] for name in values}
    chosen: dict[str, list[str]] = {name: [] for name in values}
    metric: Metric | None = None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "source.csv"
        source.to_csv(file, index=False)
        for draw in range(setting["draws"]):
            rows = rest.iloc[np.random.default_rng(draw).permutation(len(rest))[: setting["labels"]]]
            begun = time.monotonic()
            study, task = ours(file, rows, pair.task, setting["budget"], draw)
            guesses = study.best.predict(test.drop(columns=LABEL))
            metric = task.metric
            seconds["ours"].append(time.monotonic() - begun)
            chosen["ours"].append(study.summary.best.replace(str(file), "source.csv"))
            values["ours"].append(metric.per_item(guesses, _labels(test, task)))
            for name, more in (("alone", source.iloc[:0]), ("pooled", source)):
                begun = time.monotonic()
                model, spelled = theirs(rows, more, task, metric)
                seconds[name].append(time.monotonic() - begun)
                chosen[name].append(spelled)
                values[name].append(metric.per_item(_guess(model, test), _labels(test, task)))
    assert metric is not None
    scale = metric.scale
    tables = {name: np.stack(found) for name, found in values.items()}
    gains = {
        name: paired_gain(
            tables["ours"],
            tables[name],
            higher_is_better=metric.higher_is_better,
            step=metric.step(_labels(test, task)),
            reach=metric.reach,
        )
        for name in ("alone", "pooled")
    }
    figures: dict[str, Any] = {"metric": metric.name}
    figures |= {name: scale * float(table.mean()) for name, table in tables.items()}
    for name, gain in gains.items():
        figures |= {
            f"gain_over_{name}": scale * gain.mean,
            f"gain_over_{name}_low": scale * gain.low,
            f"gain_over_{name}_high": scale * gain.high,
        }
    figures |= {f"seconds_{name}": float(np.mean(found)) for name, found in seconds.items()}
    details = {
        "chosen": chosen,
        "by_draw": {name: (scale * table.mean(axis=1)).tolist() for name, table in tables.items()},
        "rows": {"source": len(source), "target": setting["labels"], "test": len(test)},
    }
    return Outcome(figures, details, tuple(range(setting["draws"])))


def ours(file: Path, rows: pd.DataFrame, task: str, budget: str, seed: int) -> tuple[Any, Task]:
    """The study of `transfer`, and the task it was for."""
    target = Target.of(rows.drop(columns=LABEL), rows[LABEL].tolist(), task=task, name="target", seed=seed)
    if task == "classify":
        target = target.judged_by("accuracy")
    with tempfile.TemporaryDirectory() as cache:
        study = tk.transfer(
            [Source(str(file), SourceOptions(offline=True))],
            target,
            budget=budget,
            seeds=3,
            seed=seed,
            label_curve=False,
            cache=FeatureCache(cache),
        )
    return study, target.task


def theirs(rows: pd.DataFrame, more: pd.DataFrame, task: Task, metric: Metric) -> tuple[Any, str]:
    """The best candidate by cross-validation on `rows`, fitted on all of them and on `more`."""
    from sklearn.model_selection import KFold, StratifiedKFold

    labels = _labels(rows, task)
    kind = StratifiedKFold if task.balances else KFold
    parts = list(kind(FOLDS, shuffle=True, random_state=0).split(rows, labels))
    sign = 1.0 if metric.higher_is_better else -1.0

    def worth(make: Callable[[], Any]) -> float:
        found = []
        for kept, held in parts:
            model = _fitted(make(), pd.concat([rows.iloc[kept], more]), task)
            found.append(sign * metric.value(_guess(model, rows.iloc[held]), [labels[i] for i in held]))
        return float(np.mean(found))

    candidates = dict(_candidates(rows, task))
    best = max(candidates, key=lambda name: worth(candidates[name]))
    return _fitted(candidates[best](), pd.concat([rows, more]), task), best


def _candidates(rows: pd.DataFrame, task: Task) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Name -> a fresh pipeline."""
    from sklearn import ensemble, linear_model
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    inputs = rows.drop(columns=LABEL)
    numbers = [name for name in inputs if pd.api.types.is_numeric_dtype(inputs[name])]
    words = [name for name in inputs if name not in numbers]

    def pipeline(model: Any) -> Any:
        filled = make_pipeline(
            SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True), StandardScaler()
        )
        coded = make_pipeline(
            SimpleImputer(strategy="most_frequent", keep_empty_features=True), OneHotEncoder(handle_unknown="ignore")
        )
        return make_pipeline(ColumnTransformer([("numbers", filled, numbers), ("words", coded, words)]), model)

    classes = task.balances
    for strength in (0.01, 0.1, 1.0, 10.0, 100.0):
        linear = (
            linear_model.LogisticRegression(C=strength, max_iter=1000) if classes else linear_model.Ridge(1 / strength)
        )
        yield f"linear {strength:g}", lambda linear=linear: pipeline(linear)
    forest = ensemble.RandomForestClassifier if classes else ensemble.RandomForestRegressor
    for leaf, share in itertools.product((1, 5), ("sqrt", 1.0)):
        trees = forest(100, min_samples_leaf=leaf, max_features=share, random_state=0)
        yield f"forest {leaf} {share}", lambda trees=trees: pipeline(trees)
    boosting = ensemble.HistGradientBoostingClassifier if classes else ensemble.HistGradientBoostingRegressor
    for rate, leaf in itertools.product((0.03, 0.1), (3, 20)):
        boosted = boosting(learning_rate=rate, min_samples_leaf=leaf, max_iter=60, random_state=0)
        yield f"boosting {rate} {leaf}", lambda boosted=boosted: pipeline(boosted)


def _fitted(model: Any, rows: pd.DataFrame, task: Task) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a column that is empty in this fold
        return model.fit(rows.drop(columns=LABEL), _labels(rows, task))


def _guess(model: Any, rows: pd.DataFrame) -> Predictions:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Predictions(tuple(model.predict(rows.drop(columns=LABEL)).tolist()))


def _labels(rows: pd.DataFrame, task: Task) -> list[Any]:
    return list(task.read(rows[LABEL].tolist()))


def heart(data: Path) -> Pair:
    """Cleveland's patients to Hungary's: is the heart sick?"""
    (folder,) = needed(data, "uci_heart")
    tables = []
    for place in ("cleveland", "hungarian"):
        table = pd.read_csv(folder / f"processed.{place}.data", na_values="?")
        table[LABEL] = np.where(table.pop("target") > 0, "sick", "well")
        tables.append(table)
    return Pair(tables[0], tables[1], "classify")


def wine(data: Path) -> Pair:
    """White wines to red ones: how good do tasters find it?"""
    (folder,) = needed(data, "uci_wine_quality")
    tables = [pd.read_csv(folder / f"winequality-{colour}.csv", header=None) for colour in ("white", "red")]
    for table in tables:
        table.columns = [*(f"measure {i}" for i in range(11)), LABEL]
        table[LABEL] = table[LABEL].astype(float)
    return Pair(*(table.drop_duplicates() for table in tables), "regress")


def bike(data: Path) -> Pair:
    """The bicycles of one year's days to those of the next."""
    (folder,) = needed(data, "uci_bike_sharing")
    table = pd.read_csv(folder / "day.csv").drop(columns=["instant", "dteday", "casual", "registered"])
    table = table.rename(columns={"cnt": LABEL}).astype({LABEL: float})
    years = [table[table["yr"] == year].drop(columns="yr") for year in (0, 1)]
    return Pair(years[0], years[1], "regress")


PAIRS: dict[str, Callable[[Path], Pair]] = {"heart": heart, "wine": wine, "bike": bike}
