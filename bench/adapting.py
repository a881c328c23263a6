"""Methods of adaptation on pairs of domains, the choice among them without labels, and the tables of both.

Every method is fitted to the same source items with labels and the same target items without; the sealed target items tell
what it is worth. `automatic` is what `evaluate.label_free.choose` takes of all methods and the source probe, `usual` what it
takes of those that a study tries unasked; `target_only` is the learner of the source probe on the labels of the target items.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from bench.domain_pairs import Domain, Drawn, Pair
from bench.experiment import Outcome
from transferkit.core.errors import TransferkitError
from transferkit.core.predictor import Predictor
from transferkit.core.run import Run
from transferkit.core.spelling import read_method
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.evaluate.gain import paired_gain
from transferkit.evaluate.label_free import Candidate, Choice, choose, regret
from transferkit.methods.baseline.source_probe import SourceProbe
from transferkit.ops.label_free.judged import Judged
from transferkit.sources.memory import source_of
from transferkit.training.domain_features import features_for
from transferkit.training.domains import Domains
from transferkit.training.learners.linear import fit_linear
from transferkit.training.on_features import OnFeatures

BASELINE, CEILING = "source_probe", "target_only"
ALONE = {
    "dev": "deep_embedded_validation",
    "snd": "soft_neighbourhood_density",
    "im": "information_maximisation",
    "source_accuracy": "source_accuracy",
}
"""Scores that are followed alone, for comparison."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """What one fit is worth, and what it says of items whose labels nobody saw."""

    right: np.ndarray
    """(n_sealed,) 1 where a sealed item got its class, else 0; the same order for every method."""
    judged: Judged
    seconds: float
    """Of the processor."""


class Problem:
    """One draw of a pair: a source, a target without labels, and sealed items."""

    def __init__(self, drawn: Drawn, cache: FeatureCache) -> None:
        self._cache = cache
        self._source = source_of(*_said(drawn.source, drawn), name=drawn.name, modality=drawn.modality)
        items, labels = _said(drawn.target, drawn)
        self._labelled = Target.of(
            items, labels, test=_said(drawn.sealed, drawn), name="target", modality=drawn.modality, task="classify"
        ).whole()
        self._target = self._labelled.hidden()
        self._sealed = self._target.test.open("the bench")

    def fit(self, spelled: str, seed: int = 0) -> Fitted:
        """A method on the source's labels and the target's items; its one-line error where it cannot."""
        run, begun = Run(seed, cache=self._cache), time.process_time()
        predictor = read_method(spelled).fit((self._source,), self._target, run)
        seconds = time.process_time() - begun
        return Fitted(self._right(predictor, run), self._judged(predictor, run), seconds)

    def ceiling(self) -> np.ndarray:
        """(n_sealed,) `right` of the linear head of the source probe, on the target's own labels alone."""
        run = Run(cache=self._cache)
        features = features_for(SourceProbe(), (self._source,), self._labelled, run)
        head = fit_linear(features.domains.task, features.target_labelled, features.target_labels)
        return self._right(OnFeatures.of(features, (), head), run)

    def _right(self, predictor: Predictor, run: Run) -> np.ndarray:
        answers = predictor.judge(self._sealed, run).labels
        return np.array([float(a == b) for a, b in zip(answers, self._sealed.labels or (), strict=True)])

    def _judged(self, predictor: Predictor, run: Run) -> Judged:
        domains = Domains.of((self._source,), self._target, run)
        items, held = domains.unlabelled, domains.held_out
        on_target, on_source = predictor.judge(items, run).scores, predictor.judge(held, run).scores
        if on_target is None:
            raise TypeError("a predictor of classes gave no probabilities")
        return Judged(
            target_probabilities=on_target,
            target_features=predictor.features(items, run),
            source_probabilities=on_source,
            source_labels=predictor.task.strata(held.labels or ()),
            source_features=predictor.features(held, run),
        )


def chosen(judged: Mapping[str, Judged], baseline: str = BASELINE) -> Choice:
    """The choice without labels among methods by name; positions are those of the names."""
    return choose([Candidate(name, one, is_baseline=name == baseline) for name, one in judged.items()])


@dataclass
class Found:
    """What all draws of a pair gave."""

    tables: dict[str, list[np.ndarray]] = field(default_factory=lambda: defaultdict(list))
    """Way -> `right` of each draw."""
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    regrets: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Rule -> what its choice cost beside the best of the methods, 0 to 1, in each draw."""
    choices: list[dict[str, Any]] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def outcome(pairs: Iterable[Pair], setting: dict[str, Any]) -> Outcome:
    """Tables of all pairs."""
    with tempfile.TemporaryDirectory() as folder:
        cache = FeatureCache(folder)
        found = {pair.name: _all_draws(pair, setting, cache) for pair in pairs}
    rows = {name: {way: _row(way, one) for way in one.tables} for name, one in found.items()}
    ways = [way for way in next(iter(rows.values())) if all(way in of for of in rows.values())]
    mean = {way: float(np.mean([of[way]["accuracy"] for of in rows.values()])) for way in ways}
    methods = [way for way in ways if way not in ("automatic", "usual", CEILING)]
    best = max(methods, key=lambda way: mean[way])
    judged = [of[way] for of in rows.values() for way in of if way in setting["methods"]]
    rules = found[next(iter(found))].regrets
    return Outcome(
        figures={
            "pairs": len(found),
            "automatic_gap": mean[best] - mean["automatic"],
            "best_single": best,
            **mean,
            **{
                ("regret" if rule == "automatic" else f"regret_{rule}"): 100
                * float(np.mean([value for one in found.values() for value in one.regrets[rule]]))
                for rule in rules
            },
            "methods_that_help": sum(row["low"] > 0 for row in judged),
            "methods_that_hurt": sum(row["high"] < 0 for row in judged),
            "methods_in_all": len(judged),
            "automatic_hurts": sum(of["automatic"]["high"] < 0 for of in rows.values()),
            **{
                f"{name}_{way}": of[way]["accuracy"]
                for name, of in rows.items()
                for way in (BASELINE, "automatic", CEILING)
            },
        },
        details={
            "rows": rows,
            "choices": {name: one.choices for name, one in found.items()},
            "failed": {name: one.failed for name, one in found.items() if one.failed},
            "notes": [
                "gains over the source probe in points, intervals over draws and sealed items",
                "regret in points: beside the method that is best on the sealed items of the same draw, the probe included",
            ],
        },
        seeds=tuple(range(setting["draws"])),
    )


def _all_draws(pair: Pair, setting: dict[str, Any], cache: FeatureCache) -> Found:
    found = Found()
    for draw in range(setting["draws"]):
        problem = Problem(pair.draw(draw), cache)
        fitted: dict[str, Fitted] = {}
        for name in (BASELINE, *setting["methods"]):
            try:
                fitted[name] = problem.fit(name, draw)
            except TransferkitError as reason:
                found.failed[name] = str(reason)
        _take(found, fitted, problem.ceiling(), setting["usual"])
    for name in found.failed:  # not on every draw, and so in no table
        found.tables.pop(name, None)
    return found


def _take(found: Found, fitted: dict[str, Fitted], ceiling: np.ndarray, usual: list[str]) -> None:
    """One draw."""
    names = list(fitted)
    truths = [float(one.right.mean()) for one in fitted.values()]
    choice = chosen({name: one.judged for name, one in fitted.items()})
    among_usual = {name: one.judged for name, one in fitted.items() if name in (BASELINE, *usual)}
    of_usual = list(among_usual)[chosen(among_usual).chosen]
    for name, one in fitted.items():
        found.tables[name].append(one.right)
        found.seconds[name].append(one.seconds)
    found.tables["automatic"].append(fitted[names[choice.chosen]].right)
    found.tables["usual"].append(fitted[of_usual].right)
    found.tables[CEILING].append(ceiling)
    taken = {"automatic": choice.chosen, BASELINE: names.index(BASELINE), "usual": names.index(of_usual)}
    taken |= {short: choice.alone[score] for short, score in ALONE.items()}
    for rule, position in taken.items():
        found.regrets[rule].append(regret(truths[position], truths))
    found.choices.append({rule: names[position] for rule, position in taken.items()} | {"reason": choice.reason})


def _row(way: str, found: Found) -> dict[str, float]:
    """Accuracy and gain over the source probe, in points."""
    gain = paired_gain(np.stack(found.tables[way]), np.stack(found.tables[BASELINE]))
    row = {
        "accuracy": 100 * float(np.mean(found.tables[way])),
        "gain": 100 * gain.mean,
        "low": 100 * gain.low,
        "high": 100 * gain.high,
    }
    return row | ({"processor_seconds": float(np.mean(found.seconds[way]))} if way in found.seconds else {})


def _said(domain: Domain, drawn: Drawn) -> tuple[Any, list[str]]:
    """Items as the modality has them, and labels."""
    if drawn.modality == "tabular":
        return pd.DataFrame(domain.items, columns=[f"x{i}" for i in range(domain.items.shape[1])]), list(domain.labels)
    return list(domain.items[:, None, :]), list(domain.labels)
