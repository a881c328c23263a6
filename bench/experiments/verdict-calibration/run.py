"""verdict-calibration: are verdicts right as often as they claim? Many small studies of worlds whose truth is known.

Estimand: the gain of the arm over its baseline in the metric's value on the whole population, mean over all seeds, for the
training items at hand. Each study draws seeds and test items from its world, with replacement, and is judged as the product
judges: `per_item`, `paired_gain`, `verdict`. See `bench/planted.py` for the worlds and `bench/tally.py` for the shares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bench.experiment import Outcome
from bench.planted import EFFECTS, Plan, World, world
from bench.tally import Judged, by, coverage, false_helps, false_hurts, power, said, wrong_no_difference
from transferkit.evaluate.gain import paired_gain
from transferkit.evaluate.verdict import verdict
from transferkit.tasks.metrics.classes import calibration_error

LEAST_FOR_CALIBRATION = calibration_error.BINS * calibration_error.LEAST_IN_A_BIN
"""With fewer items the calibration error refuses."""


def run(setting: dict[str, Any], data: Path) -> Outcome:
    judged: list[Judged] = []
    for number, plan in enumerate(_plans(setting)):
        generator = np.random.default_rng([setting["seed"], number])
        judged += _studies(world(plan, generator), setting, generator)
    by_metric = by(judged, lambda one: one.metric)
    covered = {name: coverage(several) for name, several in by_metric.items()}
    wrong = {name: false_helps(several) for name, several in by_metric.items()}
    near = [one for one in judged if 0.8 <= one.truth / one.gain.smallest_detectable <= 1.25]
    n_studies = setting["worlds_an_effect"] * setting["studies_a_cell"] * len(setting["n_items"])
    return Outcome(
        figures={
            "studies_an_effect": n_studies * len(setting["n_seeds"]),
            "false_helps": false_helps(judged),
            "false_hurts": false_hurts(judged),
            "wrong_no_difference": wrong_no_difference(judged),
            "coverage": coverage(judged),
            "coverage_least_metric": min(covered.values()),
            "coverage_most_metric": max(covered.values()),
            "false_helps_most_metric": max(wrong.values()),
            "power_at_smallest_detectable": power(near),
            **{f"coverage_{name}": value for name, value in covered.items()},
        },
        details={
            "by_metric": {name: said(several) for name, several in by_metric.items()},
            "by_effect": {name: said(several) for name, several in by(judged, lambda one: one.effect).items()},
            "by_seeds": {f"{n} seeds": said(several) for n, several in by(judged, lambda one: one.n_seeds).items()},
            "by_items": {f"{n} items": said(several) for n, several in by(judged, lambda one: one.n_items).items()},
            "by_seeds_and_items": {
                f"{seeds} seeds, {items} items": said(several)
                for (seeds, items), several in by(judged, lambda one: (one.n_seeds, one.n_items)).items()
            },
            "by_metric_and_items": {
                f"{name}, {items} items": said(several)
                for (name, items), several in by(judged, lambda one: (one.metric, one.n_items)).items()
            },
            "by_rarest_class": {name: said(several) for name, several in by(judged, _rarity).items()},
            "power_at_smallest_detectable": {
                f"{n} seeds": power(few) for n, few in by(near, lambda one: one.n_seeds).items()
            },
            "power_curve_accuracy": _power_curve(judged, setting),
            "notes": [
                "every metric of a study counts as one judgement; judgements of one study hang together",
                "shares above and below: intervals wholly above or below the true gain",
                "power curve: share of `helps` by true gain in accuracy points, with how many judgements",
                "power at the smallest detectable difference: true gain within 0.8 to 1.25 times what each test said of itself",
            ],
        },
        seeds=(setting["seed"],),
    )


def _plans(setting: Mapping[str, Any]) -> Iterator[Plan]:
    """The same number of worlds of each effect, of every kind of target in turn."""
    generator = np.random.default_rng(setting["seed"])
    for number in range(setting["worlds_an_effect"]):
        for effect in EFFECTS:
            yield Plan(
                effect=effect,
                shares=tuple(setting["shares"][number % len(setting["shares"])]),
                n_train=int(generator.choice(setting["n_train"])),
                seen=float(generator.choice(setting["seen"])),
                drawn=float(generator.choice(setting["drawn"])),
                strength=float(generator.uniform(0, 1)),
                n_seeds=setting["pool_seeds"],
                n_items=setting["pool_items"],
            )


def _studies(made: World, setting: Mapping[str, Any], generator: np.random.Generator) -> Iterator[Judged]:
    """Every metric of every study of one world."""
    truth, metrics = made.true_gains(), made.metrics()
    sizes = [(items, seeds) for items in setting["n_items"] for seeds in setting["n_seeds"]]
    for n_items, n_seeds in sizes * setting["studies_a_cell"]:
        items = generator.integers(len(made.truth), size=n_items)
        seeds = generator.integers(len(made.arm), size=n_seeds)
        labels = made.labels(items)
        sides = [[made.predictions(side[seed], items) for seed in seeds] for side in (made.arm, made.baseline)]
        for name, metric in metrics.items():
            if name == "calibration_error" and n_items < LEAST_FOR_CALIBRATION:
                continue
            arm, baseline = (np.stack([metric.per_item(p, labels) for p in side]) for side in sides)
            gain = paired_gain(arm, baseline, metric.higher_is_better, step=metric.step(labels), reach=metric.reach)
            margin = metric.margin(made.open_labels)
            yield Judged(
                effect=made.effect,
                metric=name,
                rarest=made.rarest * n_items,
                truth=truth[name],
                gain=gain,
                word=verdict(gain, margin),
                margin=margin,
            )


def _rarity(one: Judged) -> str:
    if one.rarest == float("inf"):
        return "numbers"
    return f"{'under 5' if one.rarest < 5 else '5 to 20' if one.rarest < 20 else '20 and more'} items expected"


def _power_curve(judged: list[Judged], setting: Mapping[str, Any]) -> dict[str, dict[str, list[float]]]:
    """Items and seeds -> range of the true gain -> [share of `helps`, judgements]."""
    edges = setting["power_edges"]
    accuracy = [one for one in judged if one.metric == "accuracy" and 100 * one.truth >= edges[0]]
    curve = {}
    for (items, seeds), several in by(accuracy, lambda one: (one.n_items, one.n_seeds)).items():
        within = by(several, lambda one: max(edge for edge in edges if edge <= 100 * one.truth))
        curve[f"{items} items, {seeds} seeds"] = {
            f"from {edge:g} points": [round(power(found), 3), len(found)] for edge, found in within.items()
        }
    return curve
