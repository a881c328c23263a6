"""hospitals: heart disease in two hospitals, each learned from the other, by every method on feature vectors, without labels of
the target and with a few.

Half of the target's patients, always the same, are the test. A draw takes four fifths of the source's patients and of the rest
of the target's, and of these a few with their labels. Differences are paired over draws and test patients (the interval of
`compare`), all methods on the same draws: without target labels against the source probe, with them against a linear head on
the target's labels alone.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.experiment import Outcome, needed
from transferkit.core.errors import TransferkitError
from transferkit.core.method import Method
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.spelling import read_method
from transferkit.core.target import Target
from transferkit.evaluate.gain import paired_gain
from transferkit.methods.baseline.source_probe import SourceProbe
from transferkit.sources.memory import source_of
from transferkit.tasks.classify import Classify
from transferkit.training.domain_features import features_for
from transferkit.training.learners.linear import fit_linear
from transferkit.training.on_features import OnFeatures

LABEL = "label"
PLACES = ("cleveland", "hungarian")


def run(setting: dict[str, Any], data: Path) -> Outcome:
    (folder,) = needed(data, "uci_heart")
    tables = {place: _table(folder, place) for place in PLACES}
    figures: dict[str, Any] = {}
    details: dict[str, Any] = {"without_labels": {}, "with_labels": {}, "failed": {}}
    for theirs, own in (PLACES, PLACES[::-1]):
        direction = f"{theirs}_to_{own}"
        values, seconds, failed = _arms(setting, tables[theirs], tables[own])
        for group, baseline in (("without_labels", "source_probe"), ("with_labels", "target_only")):
            tables_of = values[group] | {"source_probe": values["without_labels"]["source_probe"]}
            found = {}
            for name, table in tables_of.items():
                gain = paired_gain(np.stack(table), np.stack(tables_of[baseline]), step=1.0, reach=1.0)
                found[name] = {
                    "accuracy": 100 * float(np.mean(table)),
                    "gain": 100 * gain.mean,
                    "low": 100 * gain.low,
                    "high": 100 * gain.high,
                    "seconds": float(np.mean(seconds[name])),
                }
            details[group][direction] = found
            ending = "" if group == "without_labels" else "_with_labels"
            for name, one in found.items():
                if group == "without_labels" or name != "source_probe":
                    figures[f"{direction}_{re.sub('[:/=]', '_', name)}{ending}"] = one["accuracy"]
        details["failed"][direction] = failed
    for group in ("without_labels", "with_labels"):
        claimed = [
            (direction, name)
            for direction, found in details[group].items()
            for name, one in found.items()
            if one["low"] > 0
        ]
        figures[f"truly_better_{group}"] = len(claimed)
    return Outcome(figures, details, tuple(range(setting["draws"])))


def _arms(
    setting: dict[str, Any], source: pd.DataFrame, target: pd.DataFrame
) -> tuple[dict[str, dict[str, list[np.ndarray]]], dict[str, list[float]], dict[str, str]]:
    """Right or wrong for each draw and test patient, by group and method; seconds of a fit; what failed and why."""
    order = np.random.default_rng(setting["seed"]).permutation(len(target))
    test, rest = target.iloc[order[: len(order) // 2]], target.iloc[order[len(order) // 2 :]]
    values: dict[str, dict[str, list[np.ndarray]]] = {"without_labels": {}, "with_labels": {}}
    seconds: dict[str, list[float]] = defaultdict(list)
    failed: dict[str, str] = {}
    metric = Classify(("sick", "well")).metric
    for draw in range(setting["draws"]):
        random = np.random.default_rng(draw)
        some = source.iloc[random.permutation(len(source))[: 4 * len(source) // 5]]
        pool = rest.iloc[random.permutation(len(rest))[: 4 * len(rest) // 5]]
        lent = source_of(_items(some), some[LABEL].tolist(), name="the other hospital")
        known = pool[LABEL].where(np.arange(len(pool)) < setting["labels"], None)
        sealed = (_items(test), test[LABEL].tolist())
        labelled = Target.of(_items(pool), known.tolist(), test=sealed, name="this hospital").whole()
        for group, named, at in (
            ("without_labels", setting["without_labels"], labelled.hidden()),
            ("with_labels", setting["with_labels"], labelled),
        ):
            for name in named:
                if name in failed:
                    continue
                begun = time.perf_counter()
                try:
                    fitted = _fitted(name, lent, at, Run(seed=draw))
                except (TransferkitError, LookupError) as reason:
                    failed[name] = str(reason)
                    continue
                seconds[name].append(time.perf_counter() - begun)
                guesses = fitted.predict(sealed[0])
                values[group].setdefault(name, []).append(metric.per_item(guesses, sealed[1]))
    return values, seconds, failed


def _fitted(name: str, lent: Source, target: Target, run: Run) -> Any:
    """`target_only`: the linear head of the source probe, on the target's labels alone."""
    if name == "target_only":
        features = features_for(SourceProbe(), (lent,), target, run)
        head = fit_linear(features.domains.task, features.target_labelled, features.target_labels)
        return OnFeatures.of(features, (), head)
    method: Method = read_method(name)
    return method.fit((lent,), target, run)


def _table(folder: Path, place: str) -> pd.DataFrame:
    table = pd.read_csv(folder / f"processed.{place}.data", na_values="?")
    table[LABEL] = np.where(table.pop("target") > 0, "sick", "well")
    return table.drop_duplicates()


def _items(table: pd.DataFrame) -> pd.DataFrame:
    return table.drop(columns=LABEL)
