"""Selection: try every arm on folds of the open labels and choose by validation. The sealed test plays no part.

Rounds: round r fits on fold r. In the first round every setting worth trying is tried once for every arm, scratch included;
after each round the better half of an arm's settings goes on, and the better half of the arms (baselines always). So the
baseline is tuned exactly as the arms it is compared with.
"""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from transferkit.core.errors import BudgetSpent
from transferkit.core.method import Method
from transferkit.evaluate.trial import TrialResult
from transferkit.plan.arms import Arm
from transferkit.plan.trials import Trials


@dataclass
class Tried:
    """Every result so far: arm name -> settings -> results, one a fold."""

    sign: int = 1
    """1 where a higher metric is better, else -1."""
    results: dict[str, dict[Method, list[TrialResult]]] = field(default_factory=lambda: defaultdict(dict))
    notes: list[str] = field(default_factory=list)

    def add(self, arm: Arm, method: Method, result: TrialResult) -> None:
        """Keep one more."""
        self.results[arm.name].setdefault(method, []).append(result)

    def best(self, arm: Arm) -> Method | None:
        """The settings with the best validation, those seen on most folds first; None where every fit failed."""
        usable = {m: score(r, self.sign) for m, r in self.results[arm.name].items() if score(r, self.sign)}
        if not usable:
            return None
        folds = max(len(self.results[arm.name][m]) for m in usable)
        full = {m: s for m, s in usable.items() if len(self.results[arm.name][m]) == folds}
        return max(full, key=lambda m: full[m])  # type: ignore[arg-type, return-value]

    def standing(self, arm: Arm) -> tuple[float, float] | None:
        """Validation of the best settings: (metric with its sign, minus loss)."""
        method = self.best(arm)
        return None if method is None else score(self.results[arm.name][method], self.sign)

    def validation(self, arm: Arm) -> float | None:
        """Mean validation metric of the best settings, as people read it."""
        standing = self.standing(arm)
        return None if standing is None else standing[0] * self.sign

    def all(self, arm: Arm) -> list[TrialResult]:
        """Every result of an arm."""
        return [result for results in self.results[arm.name].values() for result in results]


def score(results: Sequence[TrialResult], sign: int) -> tuple[float, float] | None:
    """Mean metric, higher is better, ties by the lower loss; None where any fit failed or nothing was judged."""
    if not results or any(r.status == "failed" or r.validation is None for r in results):
        return None
    losses = [r.validation_loss for r in results if r.validation_loss is not None]
    return sign * float(np.mean([r.validation for r in results])), -float(np.mean(losses or [0.0]))


def select(
    arms: Sequence[Arm], trials: Trials, n_folds: int, reserve_share: float, proof_fits: int, tried: Tried
) -> None:
    """Try the arms while the budget, less what the proof needs, allows; results are added to `tried`.

    `proof_fits`: how many fits the proof of the chosen arm takes. As much is kept back, but never more than `reserve_share`
    of the budget: with little of it the proof makes do with fewer seeds.
    """
    budget, allowance = trials.allowance.budget, trials.allowance
    if budget.trials is not None:
        proof_fits = min(proof_fits, max(2, int(reserve_share * budget.trials)))
    share = reserve_share * (budget.seconds or 0.0)
    running: dict[Arm, list[Method]] = {arm: arm.candidates() for arm in arms}
    for fold in range(n_folds):
        plan = _in_order(running)
        for position, (arm, method) in enumerate(plan):
            reserve = min(proof_fits * _dearest(tried), share) if tried.results else share
            if not allowance.allows(reserve + _last(tried, arm), trials=1 + proof_fits):
                tried.notes.append(_stopped(fold, n_folds, position, len(plan)))
                return
            deadline = None if budget.seconds is None else time.monotonic() + allowance.seconds_left - reserve
            try:
                tried.add(arm, method, trials.attempt(arm, method, fold, deadline))
            except BudgetSpent:
                tried.notes.append(_stopped(fold, n_folds, position, len(plan)))
                return
            trials.progress(f"trying arms, fold {fold + 1} of {n_folds}", position + 1, len(plan))
        running = _survivors(running, tried)


def _in_order(running: dict[Arm, list[Method]]) -> list[tuple[Arm, Method]]:
    """Every arm with its default first, contenders before baselines: whatever the budget, there is something to prove."""
    fits = [
        (i, arm.baseline is None, arm, method) for arm, methods in running.items() for i, method in enumerate(methods)
    ]
    return [(arm, method) for *_, arm, method in sorted(fits, key=lambda fit: fit[:2])]


def _survivors(running: dict[Arm, list[Method]], tried: Tried) -> dict[Arm, list[Method]]:
    contenders = [arm for arm in running if arm.baseline is not None and tried.standing(arm) is not None]
    contenders.sort(key=lambda arm: tried.standing(arm), reverse=True)  # type: ignore[arg-type, return-value]
    kept = set(contenders[: max(2, math.ceil(len(contenders) / 2))])
    survivors = {}
    for arm, methods in running.items():
        if arm.baseline is not None and arm not in kept:
            continue
        standings = {m: score(tried.results[arm.name].get(m, []), tried.sign) for m in methods}
        usable = sorted((m for m in methods if standings[m]), key=lambda m: standings[m], reverse=True)  # type: ignore[arg-type, return-value]
        survivors[arm] = usable[: math.ceil(len(methods) / 2)]
    return survivors


def _dearest(tried: Tried) -> float:
    """Seconds of the longest fit so far: what the proof may have to repeat."""
    return max((r.seconds for results in tried.results.values() for rs in results.values() for r in rs), default=0.0)


def _last(tried: Tried, arm: Arm) -> float:
    """Seconds of the arm's last fit; 0 where it has not been tried."""
    results = tried.all(arm)
    return results[-1].seconds if results else 0.0


def _stopped(fold: int, n_folds: int, done: int, total: int) -> str:
    return f"the budget ended the trials in fold {fold + 1} of {n_folds}, after {done} of its {total} fits"
