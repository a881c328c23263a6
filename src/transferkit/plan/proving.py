"""Proving: refit the chosen arm and its baseline with paired seeds on every open label; then the seal may be opened.

What is to be proven is written down before the seal is opened, and never changes afterwards, not even when an interrupted
study goes on. First the chosen arm (the primary claim); then, as far as the budget allows, the secondary ones. A pair in
which one fit was cut short by the budget is not evidence and is left out.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from transferkit.core.errors import BudgetSpent, Failed
from transferkit.core.method import Method
from transferkit.core.predictor import Predictor
from transferkit.core.spelling import read_method
from transferkit.plan.arms import Arm
from transferkit.plan.trials import Trials, record_of
from transferkit.plan.tried import Tried

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
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Of every refit that was made, by arm."""
    seconds_an_item: float | None = None
    """What predicting one item takes."""
    notes: list[str] = field(default_factory=list)

    def common(self, arm: str, other: str) -> list[int]:
        """Seeds both arms have."""
        return sorted(self.predictors.get(arm, {}).keys() & self.predictors.get(other, {}).keys())


def written_choice(arms: Sequence[Arm], trials: Trials) -> list[Claim]:
    """The claims the journal holds; none where nothing has been chosen yet."""
    by_name = {arm.name: arm for arm in arms}
    return [
        Claim(by_name[arm], read_method(method), by_name[baseline], read_method(baseline_method))
        for arm, method, baseline, baseline_method in trials.journal.get(CHOICE) or ()
    ]


def choose(arms: Sequence[Arm], tried: Tried, trials: Trials, every_arm: bool) -> list[Claim]:
    """The claims, best validation first, written down. `every_arm`: one a contender; else one a set of sources.

    Only arms whose baseline was tried as well are compared with it.
    """
    by_name = {arm.name: arm for arm in arms}
    claims, seen = [], set()
    for arm in tried.in_order([arm for arm in arms if arm.baseline]):
        baseline = by_name[arm.baseline or ""]
        method, baseline_method = _final(arm, tried), _final(baseline, tried)
        if method is None or baseline_method is None or (arm.sources in seen and not every_arm):
            continue
        seen.add(arm.sources)
        claims.append(Claim(arm, method, baseline, baseline_method))
    if claims:
        written = [[c.arm.name, str(c.method), c.baseline.name, str(c.baseline_method)] for c in claims]
        trials.journal.note(CHOICE, written)
    return written_choice(arms, trials)


def refit(claims: Sequence[Claim], tried: Tried, trials: Trials, seeds: Sequence[int], refits: Refits) -> None:
    """Fit the claims' arms and baselines on every open label, the primary claim's seeds first, within the allowance.

    Predictors are added to `refits` as they are there. The first pair is begun whatever it is expected to cost; any other
    only where it is expected to fit in. What fails or does not fit in is noted, and the next claim is taken.
    """
    for position, claim in enumerate(claims):
        pair = [(claim.arm, claim.method), (claim.baseline, claim.baseline_method)]
        for n_done, seed in enumerate(seeds):
            missing = [(arm, method) for arm, method in pair if _must_fit(arm, method, seed, trials, refits)]
            expected = sum(_expected(arm, method, tried, trials, refits) for arm, method in missing)
            expected += _predicting(refits, trials, len(missing))
            is_first = position == n_done == 0
            if missing and not trials.allowance.allows(1.1 * expected, len(missing)) and not is_first:
                refits.notes.append(
                    f"the budget ended the proof of {claim.arm.name} after {n_done} of {len(seeds)} seeds"
                )
                break
            try:
                for arm, method in pair:
                    _refit_one(arm, method, seed, trials, refits)
            except BudgetSpent:
                refits.notes.append(f"the budget cut the proof of {claim.arm.name} short, in seed {seed}")
                break
            except Failed as reason:
                refits.notes.append(f"{claim.arm.name} could be tried but not proven: {reason}")
                break
            trials.progress(f"proving arm {position + 1} of {len(claims)}", n_done + 1, len(seeds))


def _is_there(arm: Arm, method: Method, seed: int, refits: Refits) -> bool:
    several = refits.predictors.get(arm.name, {})
    return seed in several or bool(method.deterministic and several)


def _must_fit(arm: Arm, method: Method, seed: int, trials: Trials, refits: Refits) -> bool:
    return not (_is_there(arm, method, seed, refits) or trials.is_proven(arm, method, seed))


def _refit_one(arm: Arm, method: Method, seed: int, trials: Trials, refits: Refits) -> None:
    if _is_there(arm, method, seed, refits):
        several = refits.predictors[arm.name]
        several.setdefault(seed, next(iter(several.values())))
        return
    left = trials.allowance.seconds_left - _predicting(refits, trials, 1)
    deadline = None if trials.allowance.budget.seconds is None else time.monotonic() + left
    result = trials.prove(arm, method, seed, deadline)
    if result.status == "failed":
        raise Failed(result.message)
    predictor = trials.journal.predictor(trials.proof_key(arm, method, seed))
    predictor.record = record_of(result)
    predictor.to(trials.device)
    refits.predictors.setdefault(arm.name, {})[seed] = predictor
    refits.seconds[arm.name].append(result.seconds)


def _expected(arm: Arm, method: Method, tried: Tried, trials: Trials, refits: Refits) -> float:
    """Seconds of one refit: as the last one, or as the trials on a fold, scaled to all open labels."""
    if refits.seconds[arm.name]:
        return refits.seconds[arm.name][-1]
    whole, fold = len(trials.target.whole().train), len(trials.target.fold(0).train)
    return tried.seconds(arm, method) * whole / fold


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
