"""mappings: what labelled data in other features add to few labels of one's own.

Every seed draws its own few labels, the same for all methods; each method is compared with a linear probe on the
target's own features and labels alone, whose learner it shares. Gains are in accuracy points, their interval over
seeds and test items. Three problems:

- wine: white wines are judged (six or better, or not); the labels are of red ones, whose table calls the same eleven columns
  otherwise.
- heart: patients of Hungary, of whom four columns are known; those of Cleveland are known by five others.
- texts: product reviews, read by a sentence encoder; film reviews with labels are only there as bags of word vectors. Film
  reviews without a label that were read by both are the pairs.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.experiment import Outcome, needed
from bench.sentence_encoder import sentence_encoder
from transferkit.core.examples import Examples
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.spelling import read_method
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.evaluate.gain import paired_gain
from transferkit.sources.memory import keep, source_of

POINTS = 100.0


@dataclass(frozen=True)
class Problem:
    """Sources to lend, and the target's items and labels; the first `n_open` are open, the rest are the test."""

    sources: tuple[Source, ...]
    items: list[Any]
    labels: list[str]
    n_open: int
    pairs: tuple[Examples, ...] = ()
    """Unlabelled items of the target that have a partner in the source."""


def run(setting: dict[str, Any], data: Path) -> Outcome:
    problem = PROBLEMS[setting["problem"]](data, setting)
    baseline, *methods = setting["methods"]
    right: dict[str, list[np.ndarray]] = {name: [] for name in setting["methods"]}
    seconds = dict.fromkeys(setting["methods"], 0.0)
    shares: dict[str, list[float]] = {name: [] for name in methods}
    truth = problem.labels[problem.n_open :]
    with tempfile.TemporaryDirectory() as folder:
        cache = FeatureCache(folder)
        for seed in range(setting["n_seeds"]):
            target = drawn(problem, setting["n_labels"], seed)
            for spelled in setting["methods"]:
                begun = time.process_time()
                predictor = read_method(spelled).fit(problem.sources, target, Run(seed, cache=cache))
                seconds[spelled] += (time.process_time() - begun) / setting["n_seeds"]
                guesses = predictor.judge(target.test.open("the bench"), Run(seed, cache=cache)).labels
                by_name = dict(zip(target.test.open("the bench").names, guesses, strict=True))
                told = [by_name[f"item {problem.n_open + i}"] for i in range(len(truth))]
                right[spelled].append(np.array([float(a == b) for a, b in zip(told, truth, strict=True)]))
                if "source_share" in predictor.record.settings:
                    shares[spelled].append(float(predictor.record.settings["source_share"]))
    tables = {name: np.stack(rows) for name, rows in right.items()}
    figures: dict[str, Any] = {f"{baseline}, accuracy": POINTS * float(tables[baseline].mean())}
    for name in methods:
        gain = paired_gain(tables[name], tables[baseline])
        figures |= {
            f"{name}, accuracy": POINTS * float(tables[name].mean()),
            f"{name}, gain": POINTS * gain.mean,
            f"{name}, low": POINTS * gain.low,
            f"{name}, high": POINTS * gain.high,
        }
    details = {
        "accuracy_by_seed": {name: (POINTS * table.mean(1)).tolist() for name, table in tables.items()},
        "source_share": shares,
        "processor_seconds": seconds,
        "n_test": len(truth),
    }
    return Outcome(figures, details, tuple(range(setting["n_seeds"])))


def drawn(problem: Problem, n_labels: int, seed: int) -> Target:
    """The target with so many labels, as many of each class; the other open items are unlabelled."""
    names = sorted(set(problem.labels))
    order = np.random.default_rng(seed).permutation(problem.n_open)
    shown = {
        int(i)
        for name in names
        for i in [i for i in order if problem.labels[i] == name][: max(2, n_labels // len(names))]
    }
    labels = [label if i in shown else None for i, label in enumerate(problem.labels[: problem.n_open])]
    test = problem.items[problem.n_open :], problem.labels[problem.n_open :]
    target = Target.of(problem.items[: problem.n_open], labels, test=test, name="target", metric="accuracy").whole()
    if not problem.pairs:
        return target
    train, unlabelled = (_grouped(part, "own") for part in (target.train, target.unlabelled))
    return replace(target, train=train, unlabelled=unlabelled.join(problem.pairs[0]))


def wine(data: Path, setting: dict[str, Any]) -> Problem:
    (folder,) = needed(data, "uci_wine_quality")
    tables = [pd.read_csv(folder / f"winequality-{kind}.csv", header=None) for kind in ("red", "white")]
    labels = [["good" if quality >= 6 else "plain" for quality in table.pop(11)] for table in tables]
    red, red_labels = _some(tables[0], labels[0], setting["n_source"])
    white, white_labels = _some(tables[1], labels[1], setting["n_open"] + setting["n_test"])
    order = np.random.default_rng(0).permutation(11)
    source = source_of(_rows(red, [f"old {j}" for j in red]), red_labels, name="red wines")
    return Problem((source,), _rows(white[order], [f"new {j}" for j in order]), white_labels, setting["n_open"])


def heart(data: Path, setting: dict[str, Any]) -> Problem:
    (folder,) = needed(data, "uci_heart")
    tables = [pd.read_csv(folder / f"processed.{place}.data", na_values="?") for place in ("cleveland", "hungarian")]
    labels = [["sick" if target > 0 else "well" for target in table.pop("target")] for table in tables]
    theirs, ours = ["age", "sex", "cp", "thalach", "oldpeak"], ["trestbps", "chol", "restecg", "exang"]
    columns, source_labels = _some(tables[0][theirs], labels[0], setting["n_source"])
    own, own_labels = _some(tables[1][ours], labels[1], setting["n_open"] + setting["n_test"])
    source = source_of(_rows(columns, theirs), source_labels, name="patients of Cleveland")
    return Problem((source,), _rows(own, ours), own_labels, setting["n_open"])


def texts(data: Path, setting: dict[str, Any]) -> Problem:
    folder, vectors = needed(data, "sentence_classification", "weights_glove_twitter25")
    films = _lines(folder / "rt-polarity.all", setting["n_source"] + setting["n_pairs"])
    products = _lines(folder / "custrev.all", setting["n_open"] + setting["n_test"])
    lent = source_of(*map(list, zip(*films[: setting["n_source"]], strict=True)), name="film reviews").data()
    both = [text for text, _ in films[setting["n_source"] :]]
    kinds = ["for", "against"] * 2
    asked = Target.of(both + [f"{i}" for i in range(4)], [None] * len(both) + kinds, test=(["x"], ["for"]), name="both")
    pairs = replace(asked.unlabelled, groups=tuple(f"pair {i}" for i in range(len(both))))
    lent = replace(
        lent, train=_grouped(lent.train, "lent"), validation=_grouped(lent.validation, "held"), unlabelled=pairs
    )
    readers = Source(f"words:{_word_vectors(vectors)}"), Source(f"sentence:{sentence_encoder()}")
    items, labels = (list(part) for part in zip(*products, strict=True))
    return Problem((*readers, keep("film reviews, read twice", lent)), items, labels, setting["n_open"], (pairs,))


PROBLEMS: dict[str, Callable[[Path, dict[str, Any]], Problem]] = {"wine": wine, "heart": heart, "texts": texts}


def _some(table: pd.DataFrame, labels: list[str], n: int) -> tuple[pd.DataFrame, list[str]]:
    """n rows in a fixed random order; columns that say nothing and rows alike in all others are left out."""
    table = table.assign(label=labels).drop_duplicates().dropna(axis=1, how="all")
    table = table.iloc[np.random.default_rng(0).permutation(len(table))[:n]]
    return table.drop(columns="label"), table["label"].tolist()


def _rows(table: pd.DataFrame, names: list[str]) -> list[dict[str, Any]]:
    return table.set_axis(names, axis=1).to_dict("records")


def _lines(path: Path, n: int) -> list[tuple[str, str]]:
    lines = [line.partition(" ") for line in path.read_text(encoding="latin-1").split("\n")]
    lines = list(dict.fromkeys((text, {"0": "against", "1": "for"}[label]) for label, _, text in lines if text.strip()))
    return [lines[i] for i in np.random.default_rng(0).permutation(len(lines))[:n]]


def _grouped(examples: Examples, word: str) -> Examples:
    return replace(examples, groups=tuple(f"{word} {i}" for i in range(len(examples))))


def _word_vectors(folder: Path) -> Path:
    """The vectors as the text file that `words:` reads."""
    from safetensors.numpy import load_file

    vectors = load_file(folder / "glove_twitter25.safetensors")["vectors"]
    names = (folder / "words.txt").read_text(encoding="utf-8").split("\n")
    path = Path(tempfile.mkdtemp()) / "glove.25d.txt"
    lines = (f"{name} {' '.join(map(str, row))}" for name, row in zip(names, vectors.tolist(), strict=False) if name)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path
