"""weights-against-adapt: our estimators against those of ADAPT, on the same rows with the same logistic regression.

Two kinds of data: heart disease in two hospitals, both ways (gaps filled by the median), and planted covariate shift, where the
best line on the target is not the best line on the source. Each draw takes four fifths of the source's rows and of the
target's, scaled over both; the first rows of the target have labels for methods that need them. Kernel methods get one width,
or the same widths to choose from.
"""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from bench.experiment import Outcome, needed
from bench.peers import Peers
from transferkit import AdaptedClassifier, TrAdaBoostClassifier, WeightedClassifier
from transferkit.core.errors import Failed
from transferkit.evaluate.gain import paired_gain
from transferkit.ops.density_ratio.two_domains import median_distance

PLACES = ("cleveland", "hungarian")
OF_LABELS = ("balanced_weighting", "tradaboost")

Rows = dict[str, np.ndarray]


def run(setting: dict[str, Any], data: Path) -> Outcome:
    (folder,) = needed(data, "uci_heart")
    figures: dict[str, Any] = {}
    details: dict[str, Any] = {"failed": []}
    seconds: dict[tuple[str, str], list[float]] = {}
    right: dict[tuple[str, str, str], list[np.ndarray]] = {}
    script = Path(__file__).with_name("released.py")
    with Peers(script, threads=1) as peers, tempfile.TemporaryDirectory() as place:
        details["peers"] = peers.introduction
        for draw in range(setting["draws"]):
            for problem, at in _problems(folder, setting, draw):
                file = Path(place) / "rows.npz"
                np.savez(file, **{name: value for name, value in at.items() if name != "truth"})
                for method in setting["methods"]:
                    try:
                        answer = peers.ask({"method": method, "file": str(file)})
                    except Failed as reason:
                        details["failed"].append([problem, method, draw, str(reason).partition(": ")[2]])
                        continue
                    begun = time.perf_counter()
                    ours = _ours(method, at)
                    seconds.setdefault((method, "ours"), []).append(time.perf_counter() - begun)
                    seconds.setdefault((method, "adapt"), []).append(answer["seconds"])
                    for whose, found in (("ours", ours), ("adapt", np.array(answer["predicted"]))):
                        hit = (found == at["truth"]).astype(float)
                        right.setdefault((problem, method, whose), []).append(hit)
    for problem, method in sorted({key[:2] for key in right}):
        tables = {whose: np.stack(right[problem, method, whose]) for whose in ("ours", "adapt")}
        gain = paired_gain(tables["ours"], tables["adapt"], step=1.0, reach=1.0)
        details.setdefault(problem, {})[method] = {
            "ours": 100 * float(tables["ours"].mean()),
            "adapt": 100 * float(tables["adapt"].mean()),
            "gain": 100 * gain.mean,
            "low": 100 * gain.low,
            "high": 100 * gain.high,
        }
        figures[f"{problem}_{method}_gain"] = 100 * gain.mean
        figures[f"{problem}_{method}_low"] = 100 * gain.low
    for method in sorted({name for name, _ in seconds}):
        ratio = np.median(seconds[method, "adapt"]) / np.median(seconds[method, "ours"])
        figures[f"{method}_time_ratio"] = float(ratio)
    return Outcome(figures, details, tuple(range(setting["draws"])))


def _ours(method: str, at: Rows) -> np.ndarray:
    """What our estimator predicts for the test rows."""
    n, known = len(at["source"]), at["known"] if method in OF_LABELS else at["known"][:0]
    rows = np.concatenate([at["source"], at["target"]])
    labels = np.concatenate([at["labels"], known, np.full(len(at["target"]) - len(known), -1)])
    domain = np.repeat([1, -1], [n, len(rows) - n])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if method == "tradaboost":
            model: Any = TrAdaBoostClassifier(LogisticRegression(), rounds=20, random_state=0)
        elif method == "recolouring":
            model = AdaptedClassifier(LogisticRegression(), method, standardise=False)
        elif method == "balanced_weighting":
            weights = np.concatenate([np.full(n, 0.5 / n), np.full(len(known), 0.5 / len(known))])
            both = slice(None, n + len(known))
            model = LogisticRegression().fit(rows[both], labels[both], sample_weight=weights / weights.mean())
            return np.asarray(model.predict(at["test"]))
        else:
            spelled = f"kmm:width={float(at['width'])!r}" if method == "kmm" else method
            model = WeightedClassifier(LogisticRegression(), spelled)
        return np.asarray(model.fit(rows, labels, sample_domain=domain).predict(at["test"]))


def _problems(folder: Path, setting: dict[str, Any], draw: int) -> Iterator[tuple[str, Rows]]:
    random = np.random.default_rng(draw)
    for theirs, own in (PLACES, PLACES[::-1]):
        yield f"{theirs}_to_{own}", _drawn(*_hearts(folder, theirs, own), setting["labels"], random)
    n = setting["planted_rows"]
    planted = np.random.default_rng([1, draw])
    source, target = planted.normal(size=(n, 2)), planted.normal([1.5, 0.0], [0.5, 1.0], size=(n, 2))
    yield "covariate_shift", _drawn(source, _planted(source), target, _planted(target), setting["labels"], random)


def _planted(rows: np.ndarray) -> np.ndarray:
    return (rows[:, 1] > np.sin(2 * rows[:, 0])).astype(int)


def _hearts(folder: Path, *places: str) -> tuple[np.ndarray, ...]:
    """Rows and labels of each place, scaled alike."""
    tables = [pd.read_csv(folder / f"processed.{place}.data", na_values="?").drop_duplicates() for place in places]
    labels = [(table.pop("target") > 0).to_numpy().astype(int) for table in tables]
    both = pd.concat(tables)
    filled = [table.fillna(both.median()).to_numpy(dtype=np.float64) for table in tables]
    return filled[0], labels[0], filled[1], labels[1]


def _drawn(
    source: np.ndarray,
    labels: np.ndarray,
    target: np.ndarray,
    truth: np.ndarray,
    count: int,
    random: np.random.Generator,
) -> Rows:
    """Half of the target, always the same, is the test; of the rest and of the source four fifths are drawn."""
    order = np.random.default_rng(0).permutation(len(target))
    test, rest = order[: len(order) // 2], order[len(order) // 2 :]
    some = random.permutation(len(source))[: 4 * len(source) // 5]
    pool = rest[random.permutation(len(rest))[: 4 * len(rest) // 5]]
    drawn = np.concatenate([source[some], target[pool]])
    source, target = ((rows - drawn.mean(0)) / drawn.std(0) for rows in (source, target))
    return {
        "source": source[some],
        "labels": labels[some],
        "target": target[pool],
        "known": truth[pool[:count]],
        "test": target[test],
        "truth": truth[test],
        "width": np.array(median_distance(source[some], target[pool])),
    }
