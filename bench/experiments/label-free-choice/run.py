"""label-free-choice: what does choosing without target labels cost, and does it do better than any one score?

Domains with a known truth, shifted in one of four ways (`bench/shifted.py`), and small networks adapted to them in many
ways, some of them harmful. Every rule chooses among the same candidates; its regret is how much less accurate on unseen target
items its choice is than the best candidate, in points. It harms where its choice is more than a point worse than the
source only. `all`: every arm after every length of training; `few`: the baseline and a few of the arms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.experiment import Outcome
from bench.shifted import ARMS, SHIFTS, adapted, world
from transferkit.evaluate.label_free import Candidate, choose, regret

HARM = 0.01


@dataclass(frozen=True)
class Cost:
    """What one rule's choice cost in one world, accuracy 0 to 1."""

    shift: str
    rule: str
    regret: float
    harms: bool


def run(setting: dict[str, Any], data: Path) -> Outcome:
    seeds = tuple(range(setting["first_seed"], setting["first_seed"] + setting["worlds_a_shift"]))
    every: list[Cost] = []
    few: list[Cost] = []
    for shift in SHIFTS:
        for seed in seeds:
            candidates, truths = _candidates(shift, seed, setting["steps"])
            every += _costs(shift, candidates, truths)
            draw = np.random.default_rng(seed)
            for _ in range(setting["few_draws"]):
                kept = _some(candidates, setting["few_arms"], draw)
                few += _costs(shift, [candidates[i] for i in kept], [truths[i] for i in kept])
    told = {"all": _by_rule(every), "few": _by_rule(few)}
    singles = [rule for rule in told["all"] if rule not in ("combined", "source_only")]
    best_single = {pool: min(told[pool][rule]["regret"] for rule in singles) for pool in told}
    return Outcome(
        figures={
            "worlds": len(SHIFTS) * len(seeds),
            "regret": told["all"]["combined"]["regret"],
            "regret_few": told["few"]["combined"]["regret"],
            "regret_source_only": told["all"]["source_only"]["regret"],
            **{
                f"regret_{name}": told["all"][name]["regret"]
                for name in ("deep_embedded_validation", "soft_neighbourhood_density", "information_maximisation")
            },
            "regret_best_single": best_single["all"],
            "regret_ratio_best_single": told["all"]["combined"]["regret"] / best_single["all"],
            "harms": told["all"]["combined"]["harms"],
            "harms_few": told["few"]["combined"]["harms"],
        },
        details={
            **told,
            "by_shift": {shift: _by_rule([cost for cost in every if cost.shift == shift]) for shift in SHIFTS},
            "notes": [
                "regret in points of accuracy; harms: share of choices more than a point below the source only",
                "the best single score is the best in hindsight, which nobody can know without labels",
            ],
        },
        seeds=seeds,
    )


def _candidates(shift: str, seed: int, steps: Sequence[int]) -> tuple[list[Candidate], list[float]]:
    """Every arm after every length; of the source only, the last is the baseline."""
    made = world(shift, seed)
    candidates, truths = [], []
    for arm, weight in ARMS:
        for step, judged, accuracy in adapted(made, arm, weight, steps, seed):
            is_baseline = arm == "source_only" and step == max(steps)
            candidates.append(Candidate(f"{arm}:{weight:g}", judged, step, is_baseline))
            truths.append(accuracy)
    return candidates, truths


def _some(candidates: Sequence[Candidate], n: int, draw: np.random.Generator) -> list[int]:
    """Positions of the baseline and of n arms."""
    arms = sorted({c.arm for c in candidates} - {c.arm for c in candidates if c.is_baseline})
    kept = set(draw.choice(arms, n, replace=False))
    return [i for i, c in enumerate(candidates) if c.is_baseline or c.arm in kept]


def _costs(shift: str, candidates: Sequence[Candidate], truths: Sequence[float]) -> list[Cost]:
    choice = choose(candidates)
    baseline = next(i for i, c in enumerate(candidates) if c.is_baseline)
    chosen = {"combined": choice.chosen, "source_only": baseline, **choice.alone}
    return [
        Cost(shift, rule, regret(truths[i], truths), truths[i] < truths[baseline] - HARM) for rule, i in chosen.items()
    ]


def _by_rule(costs: Sequence[Cost]) -> dict[str, dict[str, float]]:
    rules = sorted({cost.rule for cost in costs})
    return {
        rule: {
            "regret": 100 * float(np.mean([cost.regret for cost in costs if cost.rule == rule])),
            "worst": 100 * max(cost.regret for cost in costs if cost.rule == rule),
            "harms": float(np.mean([cost.harms for cost in costs if cost.rule == rule])),
        }
        for rule in rules
    }
