"""honesty: is a verdict on adaptation right as often as it claims, and what does the choice without labels cost?

Each case is a method on a pair of domains: worlds with a known truth (`bench/shifted.py`), shifted in one of four ways or not
at all, and real pairs (`bench/domain_pairs.py`). The true gain over the method's baseline is that on the whole population of
the target, mean over all fits: 4000 items of a world, the sealed items of a real pair. A study draws 30, 100 or 300 of them
with replacement, and seeds, and is judged as the product judges: `paired_gain`, `verdict`.

Three claims of each study are followed: every method's own; `chosen`, that of the adaptation that `choose` takes without
labels, which is what a study claims; and, for contrast, `best_on_test`: that of the method which is best on the very labels
that judge it. What is `returned` is the chosen adaptation where its verdict is `helps`, else its baseline.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.adapting import ALONE, Problem, chosen
from bench.domain_pairs import PAIRS, Domain, Drawn
from bench.experiment import Outcome
from bench.shifted import NO_SHIFT, SHIFTS, world
from transferkit.core.errors import TransferkitError
from transferkit.core.spelling import read_method
from transferkit.data.cache import FeatureCache
from transferkit.evaluate.gain import paired_gain
from transferkit.evaluate.label_free import regret
from transferkit.evaluate.summary import Gain
from transferkit.evaluate.verdict import verdict
from transferkit.ops.label_free.judged import Judged
from transferkit.planner.settings import Settings

PROBE, NETWORK = "source_probe", "source_only"
ROUNDING = 1e-12
BOUNDARY = 0.01
"""Gains in accuracy nearer to 0 than this are counted apart too."""


@dataclass
class Place:
    """One pair of domains with every method fitted."""

    kind: str
    right: dict[str, np.ndarray] = field(default_factory=dict)
    """Method -> (fits, population) 0 or 1."""
    judged: dict[str, Judged] = field(default_factory=dict)
    """Of the first fit."""
    failed: dict[str, str] = field(default_factory=dict)

    def baseline(self, method: str) -> str:
        return NETWORK if read_method(method).baseline == NETWORK else PROBE

    @property
    def adapted(self) -> list[str]:
        """The methods that are no baseline."""
        return [name for name in self.right if name not in (PROBE, NETWORK)]

    def truth(self, method: str) -> float:
        """Accuracy, 0 to 1."""
        return float(self.right[method].mean())

    def true_gain(self, method: str) -> float:
        return self.truth(method) - self.truth(self.baseline(method))


@dataclass(frozen=True)
class Claim:
    """One verdict beside the truth."""

    kind: str
    who: str
    """`each`, `chosen` or `best_on_test`."""
    method: str
    n_labels: int
    truth: float
    gain: Gain
    word: str


def run(setting: dict[str, Any], data: Path) -> Outcome:
    claims: list[Claim] = []
    costs: dict[str, dict[str, list[float]]] = {"simulated": defaultdict(list), "real": defaultdict(list)}
    after: dict[str, list[float]] = defaultdict(list)
    details: dict[str, Any] = {"choices": [], "failed": {}}
    numbers = np.random.default_rng(setting["first_seed"])
    with tempfile.TemporaryDirectory() as folder:
        for name, place in _places(setting, data, FeatureCache(folder)):
            details["failed"] |= {f"{name}, {method}": why for method, why in place.failed.items()}
            taken = _taken(place, setting["usual"])
            best = max(place.truth(method) for method in place.right)
            for rule, method in taken.items():
                cost = regret(place.truth(method), [place.truth(one) for one in place.right])
                costs["real" if place.kind in PAIRS else "simulated"][rule].append(cost)
            details["choices"].append({"pair": name, "best": best, **taken, **_truths(place)})
            claim = _claim(place)
            for n_labels in setting["n_labels"]:
                for _ in range(setting["studies"]):
                    made = _study(place, claim, n_labels, setting["study_seeds"], numbers)
                    claims += made
                    helps = next(one for one in made if one.who == "chosen").word == "helps"
                    after[f"{n_labels}"].append(best - place.truth(claim if helps else place.baseline(claim)))
    every = {rule: [*costs["simulated"][rule], *costs["real"][rule]] for rule in costs["simulated"]}
    return Outcome(
        figures=_figures(claims, every, after),
        details=details
        | {
            "by_kind": _by(_of(claims, "each"), lambda one: one.kind),
            "by_labels": _by(_of(claims, "each"), lambda one: f"{one.n_labels} labels"),
            "by_method": _by(_of(claims, "each"), lambda one: one.method),
            "chosen_by_labels": _by(_of(claims, "chosen"), lambda one: f"{one.n_labels} labels"),
            "best_on_test_by_labels": _by(_of(claims, "best_on_test"), lambda one: f"{one.n_labels} labels"),
            "regret": {
                place: {rule: 100 * float(np.mean(values)) for rule, values in of.items()}
                for place, of in costs.items()
            },
            "worst_regret": {rule: 100 * max(values) for rule, values in every.items()},
            "notes": [
                "regret in points of accuracy, beside the best method of the pair, baselines included",
                "by_kind, by_labels and by_method count every method's own claim",
                "studies of one case share its fits; cases are what is independent, and methods of one world hang together",
            ],
        },
        seeds=tuple(range(setting["first_seed"], setting["first_seed"] + setting["worlds_a_shift"])),
    )


def _places(setting: dict[str, Any], data: Path, cache: FeatureCache) -> Iterator[tuple[str, Place]]:
    networks = [f"{name}:epochs={setting['epochs']}" for name in setting["networks"]]
    for shift in (*SHIFTS, NO_SHIFT):
        for seed in range(setting["first_seed"], setting["first_seed"] + setting["worlds_a_shift"]):
            spelled = [PROBE, f"{NETWORK}:epochs={setting['epochs']}", *setting["on_features"], *networks]
            yield (
                f"{shift}-{seed}",
                _fitted(shift, Problem(_world(shift, seed, setting), cache), spelled, setting["fits"]),
            )
    for kind, of in setting["real"].items():
        for pair in PAIRS[kind](data, of):
            for draw in range(setting["real_draws"]):
                problem = Problem(pair.draw(1000 + draw), cache)
                yield f"{pair.name}-{draw}", _fitted(kind, problem, [PROBE, *setting["on_features"]], setting["fits"])


def _world(shift: str, seed: int, setting: Mapping[str, Any]) -> Drawn:
    made = world(shift, seed, setting["n_unseen"])
    parts = {
        name: Domain(items.numpy(), tuple(f"class {int(label)}" for label in labels))
        for name, (items, labels) in made.parts.items()
    }
    source = parts["learned"].join(parts["held_out"])
    return Drawn(f"{shift}-{seed}", source, parts["target"], parts["unseen"], "tabular")


def _fitted(kind: str, problem: Problem, methods: Sequence[str], fits: int) -> Place:
    place = Place(kind)
    for spelled in methods:
        method = read_method(spelled)
        try:
            several = [problem.fit(spelled, seed) for seed in range(1 if method.deterministic else fits)]
        except TransferkitError as reason:
            place.failed[method.name] = str(reason)
            continue
        place.right[method.name] = np.stack([one.right for one in several])
        place.judged[method.name] = several[0].judged
    return place


def _taken(place: Place, usual: Sequence[str]) -> dict[str, str]:
    """Rule -> method it takes; `automatic` and the scores alone of all methods, `usual` of those tried unasked."""
    names, base = list(place.judged), _base(place)
    choice = chosen(place.judged, base)
    unasked = {name: one for name, one in place.judged.items() if name in (PROBE, NETWORK, *usual)}
    return {
        "automatic": names[choice.chosen],
        "usual": list(unasked)[chosen(unasked, base).chosen],
        "source_only": base,
        **{short: names[choice.alone[score]] for short, score in ALONE.items()},
    }


def _base(place: Place) -> str:
    return NETWORK if NETWORK in place.judged else PROBE


def _claim(place: Place) -> str:
    """The adaptation that looks best without labels: what a study claims, even where it would rather keep the baseline."""
    return next(row.arm for row in chosen(place.judged, _base(place)).rows if row.arm in place.adapted)


def _study(place: Place, claim: str, n_labels: int, n_seeds: int, numbers: np.random.Generator) -> list[Claim]:
    """Every method judged on the same labels; the chosen one and the best one once more."""
    items = numbers.integers(next(iter(place.right.values())).shape[1], size=n_labels)
    seeds = numbers.integers(max(len(right) for right in place.right.values()), size=n_seeds)
    # a method that is the same with every seed has one fit
    tables = {name: right[seeds % len(right)][:, items] for name, right in place.right.items()}
    each = {}
    for method in place.adapted:
        gain = paired_gain(tables[method], tables[place.baseline(method)])
        word = verdict(gain, Settings().margin)
        each[method] = Claim(place.kind, "each", method, n_labels, place.true_gain(method), gain, word)
    best = max(each, key=lambda method: each[method].gain.mean)
    return [*each.values(), _as(each[claim], "chosen"), _as(each[best], "best_on_test")]


def _as(claim: Claim, who: str) -> Claim:
    return Claim(claim.kind, who, claim.method, claim.n_labels, claim.truth, claim.gain, claim.word)


def _of(claims: Sequence[Claim], who: str) -> list[Claim]:
    return [one for one in claims if one.who == who]


def _figures(
    claims: Sequence[Claim], costs: Mapping[str, Sequence[float]], after: Mapping[str, Sequence[float]]
) -> dict[str, float | int]:
    each = _said(_of(claims, "each"))
    figures: dict[str, float | int] = {
        name: each[name] for name in ("false_helps", "false_hurts", "coverage", "cases_that_hurt")
    }
    figures["cases_that_help"] = each["cases_that_help"]
    for who in ("chosen", "best_on_test"):
        of = _said(_of(claims, who))
        figures |= {f"{name}_{who}": of[name] for name in ("false_helps", "coverage", "bias")}
    mean = {rule: 100 * float(np.mean(values)) for rule, values in costs.items()}
    figures |= {"regret" if rule == "automatic" else f"regret_{rule}": value for rule, value in mean.items()}
    figures |= {f"regret_ratio_{rule}": mean["automatic"] / mean[rule] for rule in ALONE if mean[rule]}
    return figures | {f"regret_returned_{n}_labels": 100 * float(np.mean(values)) for n, values in after.items()}


def _by(claims: Sequence[Claim], key: Callable[[Claim], str]) -> dict[str, dict[str, float | int]]:
    groups: dict[str, list[Claim]] = defaultdict(list)
    for one in claims:
        groups[key(one)].append(one)
    return {name: _said(several) for name, several in groups.items()}


def _said(claims: Sequence[Claim]) -> dict[str, float | int]:
    """Shares of the verdicts, and by how much a measured gain is above the true one, in points."""
    hurting = [one for one in claims if one.truth < -ROUNDING]
    helping = [one for one in claims if one.truth > ROUNDING]
    clearly = [one for one in hurting if one.truth < -BOUNDARY]
    return {
        "judgements": len(claims),
        "cases_that_hurt": len({(one.kind, one.method, one.truth) for one in hurting}),
        "cases_that_help": len({(one.kind, one.method, one.truth) for one in helping}),
        "false_helps": _share([one.word == "helps" for one in hurting]),
        "false_helps_clear": _share([one.word == "helps" for one in clearly]),
        "false_hurts": _share([one.word == "hurts" for one in helping]),
        "hurts_where_hurting": _share([one.word == "hurts" for one in hurting]),
        "helps_where_helping": _share([one.word == "helps" for one in helping]),
        "coverage": _share([one.gain.low <= one.truth <= one.gain.high for one in claims]),
        "bias": 100 * float(np.mean([one.gain.mean - one.truth for one in claims])),
    }


def _share(those: Sequence[bool]) -> float:
    """0 of nothing is 0."""
    return float(np.mean(those)) if those else 0.0


def _truths(place: Place) -> dict[str, Any]:
    return {"accuracy": {name: round(place.truth(name), 4) for name in place.right}}
