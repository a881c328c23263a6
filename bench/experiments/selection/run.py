"""selection: how much is lost by fine-tuning only the source that `rank` puts first.

On the oracle: regret at 1 and 3 in points of accuracy and weighted tau, on targets that the rule was not made with, beside
chance, two static rules (the largest network; the one most accurate on its own data) and every single score. On two
published tables, which hold no left-out accuracies: what each score and each fact that they do hold is worth.

Also what was tried and is not kept: rules of other kinds (`bench/oracle/tried.py`), and a second stage that fine-tunes the
likely sources briefly (`second_stage.py`; where the setting names `tuned_epochs`) - and why neither can be expected to do
better.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.experiment import Outcome
from bench.oracle import published, rules, second_stage, tried
from bench.oracle.briefly import likely
from bench.oracle.regret import interval_over_targets, regret, weighted_tau
from bench.oracle.table import Problem, problems
from transferkit.evaluate.forecast import RULE

POINTS = 100


def run(setting: dict[str, Any], data: Path) -> Outcome:
    table = problems(method=setting["method"], fewest_seeds=setting["fewest_seeds"])
    names = tuple(RULE.coefficients)
    ours = rules.left_out(table, names)
    nested = rules.nested(table)
    choices = {
        "rule": [judged.forecast.middle for judged in ours],
        "rule, chosen anew without the target": [judged.forecast.middle for _, judged in nested],
        "random": [np.zeros(len(one.sources)) for one in table],
        "largest": [one.parameters for one in table],
        "most accurate on its own data": [one.own_accuracy for one in table],
        **{name: [one.scores[name] for one in table] for name in table[0].scores},
    }
    measured = {name: _measured(table, values) for name, values in choices.items()}
    singles = {name: measured[name] for name in table[0].scores}
    best = min(singles, key=lambda name: (singles[name]["regret_at_1"], -singles[name]["weighted_tau"]))
    static = min(("largest", "most accurate on its own data"), key=lambda name: measured[name]["regret_at_1"])
    rule = measured["rule"]
    other = {name: _measured(table, values) for name, values in tried.values(table).items()}
    peeking = _measured(table, tried.peeking(table))
    tuned, of_tuned = _tuned(table, setting.get("tuned_epochs", ()))
    figures = {
        "regret_at_1": rule["regret_at_1"],
        "regret_at_1_low": rule["regret_at_1_interval"][0],
        "regret_at_1_high": rule["regret_at_1_interval"][1],
        "regret_at_3": rule["regret_at_3"],
        "weighted_tau": rule["weighted_tau"],
        "nested_regret_at_1": measured["rule, chosen anew without the target"]["regret_at_1"],
        "best_single": best,
        "best_single_regret_at_1": singles[best]["regret_at_1"],
        "leave_one_out_regret_at_1": singles["leave_one_out"]["regret_at_1"],
        "static_regret_at_1": measured[static]["regret_at_1"],
        "random_regret_at_1": measured["random"]["regret_at_1"],
        "beats_best_single": singles[best]["regret_at_1"] - rule["regret_at_1"],
        **_apart(singles[best]["regrets_at_1"], rule["regrets_at_1"]),
        "beats_static": measured[static]["regret_at_1"] - rule["regret_at_1"],
        "coverage": float(np.mean([judged.covered for _, judged in nested])),
        "interval_width": POINTS
        * float(np.mean([(judged.forecast.high - judged.forecast.low).mean() for judged in ours])),
        **_likely_figures(table, [judged for _, judged in nested]),
        "tried_rules": len(rules.FAMILY) + len(other),
        "tried_lowest_regret_at_1": min(one["regret_at_1"] for one in other.values()),
        "peeking_regret_at_1": peeking["regret_at_1"],
        "one_seed_regret_at_1": POINTS * float(np.mean(tried.regrets_of_one_seed(table))),
        **of_tuned,
        "n_targets": len(table),
        "n_sources": max(len(one.sources) for one in table),
        "n_seeds": setting["fewest_seeds"],
    }
    details = {
        "rules": measured,
        "family": {
            "+".join(one): _measured(table, [j.forecast.middle for j in rules.left_out(table, one)])
            for one in rules.FAMILY
        },
        "tried": other,
        "peeking": peeking,
        "tuned": tuned,
        "agreement_with_own_accuracy": {
            "without": rules.agreement(table, names),
            "with": rules.agreement(table, (*names, "own_accuracy")),
            "slope": rules.fitted(table, (*names, "own_accuracy")).coefficients["own_accuracy"],
        },
        "chosen_without": {one.target: "+".join(made[0]) for one, made in zip(table, nested, strict=True)},
        "covered": {judged.problem.target: judged.covered for _, judged in nested},
        "best": {one.target: one.sources[int(one.truth.argmax())] for one in table},
        "picked": {
            judged.problem.target: judged.problem.sources[int(judged.forecast.middle.argmax())] for judged in ours
        },
        "noise": {one.target: POINTS * one.noise() for one in table},
        "published": published.replayed(),
    }
    return Outcome(figures, details, tuple(range(figures["n_seeds"])))


def _measured(table: Sequence[Problem], values: Sequence[np.ndarray]) -> Mapping[str, Any]:
    """Means over targets, in points; the interval is over targets."""
    at_1 = [POINTS * regret(one.truth, value) for one, value in zip(table, values, strict=True)]
    at_3 = [POINTS * regret(one.truth, value, 3) for one, value in zip(table, values, strict=True)]
    taus = [weighted_tau(one.truth, value) for one, value in zip(table, values, strict=True)]
    return {
        "regret_at_1": float(np.mean(at_1)),
        "regret_at_1_interval": interval_over_targets(at_1),
        "regret_at_3": float(np.mean(at_3)),
        "weighted_tau": float(np.mean(taus)),
        "weighted_tau_interval": interval_over_targets(taus),
        "regrets_at_1": dict(zip((one.target for one in table), at_1, strict=True)),
    }


def _apart(single: Mapping[str, float], rule: Mapping[str, float]) -> dict[str, float]:
    """Interval over targets of how much less the rule regrets, paired by target."""
    low, high = interval_over_targets([single[target] - rule[target] for target in rule])
    return {"beats_best_single_low": low, "beats_best_single_high": high}


def _tuned(table: Sequence[Problem], epochs: Sequence[int]) -> tuple[dict[str, Any], dict[str, float]]:
    """What tuning the likely sources for so many epochs adds, in every order; and the figures of the first of `epochs`."""
    details: dict[str, Any] = {}
    figures: dict[str, float] = {}
    for number in epochs:
        made = second_stage.stages(table, number)
        orders = {name: _measured(table, second_stage.values(made, name)) for name in second_stage.ORDERS}
        noise = [POINTS * one for one in second_stage.regret_of_label_noise(made)]
        share = second_stage.cost_share(made)
        details[f"{number} epochs"] = {
            **orders,
            "cost_share": share,
            "label_noise": dict(zip((one.target for one in table), noise, strict=True)),
            "leads": second_stage.leads(made),
        }
        found = {
            "regret_at_1_tuned": orders["combined"]["regret_at_1"],
            "tuned_cost_share": share,
            "label_noise_regret_at_1": float(np.mean(noise)),
        }
        figures |= {name if number == epochs[0] else f"{name}_{number}_epochs": value for name, value in found.items()}
    return details, figures


def _likely_figures(table: Sequence[Problem], judged: Sequence[rules.Judged]) -> dict[str, float]:
    """What it costs and gives to fine-tune the fewest sources among which the best one is with a chance of 0.9."""
    tried = [likely(one.forecast.chance) for one in judged]
    pairs = list(zip([one.truth for one in table], tried, strict=True))
    return {
        "likely_set_size": float(np.mean([len(chosen) for chosen in tried])),
        "likely_set_regret": POINTS * float(np.mean([truth.max() - truth[chosen].max() for truth, chosen in pairs])),
        "likely_set_holds_best": float(np.mean([int(truth.argmax()) in chosen for truth, chosen in pairs])),
    }
