"""Proving: refit the chosen arm and its baseline with paired seeds on every open label, then open the seal.

What is to be proven is written down before the seal is opened, and never changes afterwards, not even when an interrupted
study goes on. First the chosen arm (the primary claim, at the full level); then, as far as the budget allows, the best arm
of every other source (secondary claims, at the corrected level).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from transferkit.core.errors import BudgetSpent, Failed
from transferkit.core.method import Method
from transferkit.core.predictor import Predictor
from transferkit.core.spelling import read_method
from transferkit.plan.arms import Arm
from transferkit.plan.selection import Tried
from transferkit.plan.trials import Trials, record_of

CHOICE = "choice"
TIMED_ITEMS = 64


@dataclass(frozen=True)
class Claim:
    """An arm with its final settings, and the baseline with its own."""

    arm: Arm
    method: Method
    baseline: Arm
    baseline_method: Method


@dataclass
class Refits:
    """Final predictors: arm name -> seed -> predictor."""

    predictors: dict[str, dict[int, Predictor]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    """Of the last refit of each arm."""
    seconds_an_item: float | None = None
    """What predicting one item takes."""
    notes: list[str] = field(default_factory=list)

    def common(self, arm: str, other: str) -> list[int]:
        """Seeds both arms have."""
        return sorted(self.predictors.get(arm, {}).keys() & self.predictors.get(other, {}).keys())


def choose(arms: Sequence[Arm], tried: Tried, trials: Trials, every_arm: bool) -> list[Claim]:
    """The claims, best validation first. `every_arm`: one a contender; else one a set of sources.

    What the journal has written down already is taken as it stands.
    """
    by_name = {arm.name: arm for arm in arms}
    if written := trials.journal.get(CHOICE):
        claims = []
        for arm, method, baseline, baseline_method in written:
            claims.append(Claim(by_name[arm], read_method(method), by_name[baseline], read_method(baseline_method)))
        return claims
    contenders = [arm for arm in arms if arm.baseline and tried.standing(arm) is not None]
    contenders.sort(key=lambda arm: tried.standing(arm), reverse=True)  # type: ignore[arg-type, return-value]
    claims, seen = [], set()
    for arm in contenders:
        method, baseline = _final(arm, tried), by_name[arm.baseline or ""]
        if method is None or (arm.sources in seen and not every_arm):
            continue
        seen.add(arm.sources)
        claims.append(Claim(arm, method, baseline, _final(baseline, tried) or baseline.method))
    trials.journal.note(CHOICE, [[c.arm.name, str(c.method), c.baseline.name, str(c.baseline_method)] for c in claims])
    return claims


def refit(claims: Sequence[Claim], trials: Trials, seeds: Sequence[int], refits: Refits) -> None:
    """Fit the claims' arms and baselines on every open label, the primary claim's seeds first, within the allowance.

    Predictors are added to `refits` as they are there. One pair is always fitted, if need be cut short by the budget, and
    says so; any other only where it is expected to fit in.
    """
    for position, claim in enumerate(claims):
        pair = [(claim.arm, claim.method), (claim.baseline, claim.baseline_method)]
        for n_done, seed in enumerate(seeds):
            missing = [(arm, method) for arm, method in pair if _is_missing(arm, method, seed, refits)]
            expected = sum(refits.seconds.get(arm.name, 0.0) for arm, _ in missing)
            first_pair = position == n_done == 0
            fits_in = trials.allowance.allows(1.1 * expected + _predicting(refits, trials, len(missing)), len(missing))
            if not (fits_in or first_pair):
                refits.notes.append(
                    f"the budget ended the proof of {claim.arm.name} after {n_done} of {len(seeds)} seeds"
                )
                break
            try:
                for arm, method in pair:
                    _refit_one(arm, method, seed, trials, refits, share=0.5 if first_pair and arm == claim.arm else 1.0)
            except BudgetSpent:
                if first_pair:
                    budget = trials.allowance.budget
                    raise Failed(
                        f"the budget of {budget} ended before one arm was proven; give a larger --budget"
                    ) from None
                refits.notes.append(f"the budget ended the proof of {claim.arm.name} within seed {seed}")
                break
            trials.progress(f"proving arm {position + 1} of {len(claims)}", n_done + 1, len(seeds))


def _is_missing(arm: Arm, method: Method, seed: int, refits: Refits) -> bool:
    several = refits.predictors.get(arm.name, {})
    return seed not in several and not (method.deterministic and several)


def _refit_one(arm: Arm, method: Method, seed: int, trials: Trials, refits: Refits, share: float) -> None:
    """Fit unless it is there; `share`: how much of what is left it may take."""
    if not _is_missing(arm, method, seed, refits):
        several = refits.predictors[arm.name]
        several.setdefault(seed, next(iter(several.values())))
        return
    left = trials.allowance.seconds_left - _predicting(refits, trials, 1)
    deadline = None if trials.allowance.budget.seconds is None else time.monotonic() + share * left
    result = trials.prove(arm, method, seed, deadline)
    if result.status == "failed":
        raise Failed(f"{arm.name} could be tried but not refitted: {result.message}")
    predictor = trials.journal.predictor(trials.proof_key(arm, method, seed))
    predictor.record = record_of(result)
    refits.predictors.setdefault(arm.name, {})[seed] = predictor
    refits.seconds[arm.name] = result.seconds
    refits.notes += [f"{arm.name}, seed {seed}: {note}" for note in predictor.record.notes]


def _predicting(refits: Refits, trials: Trials, n_more: int) -> float:
    """Seconds that predicting the test items with every predictor so far, and `n_more`, is going to take.

    Timed once, on training items, with the first predictor.
    """
    predictors = list({id(p): p for by_seed in refits.predictors.values() for p in by_seed.values()}.values())
    if trials.allowance.budget.seconds is None or not predictors:
        return 0.0
    if refits.seconds_an_item is None:
        items = trials.target.train.items[: min(TIMED_ITEMS, len(trials.target.train))]
        start = time.monotonic()
        predictors[0].predict(items)
        refits.seconds_an_item = (time.monotonic() - start) / len(items)
    return 1.2 * refits.seconds_an_item * len(trials.target.test) * (len(predictors) + n_more)


def _final(arm: Arm, tried: Tried) -> Method | None:
    """The arm's best settings, with what validation has taught (such as how long to train)."""
    method = tried.best(arm)
    if method is None:
        return None
    done = [r for r in tried.results[arm.name][method] if r.status == "done"]
    records = sorted((record_of(r) for r in done), key=lambda record: record.best_epoch or 0)
    return method.refit(records[len(records) // 2])
