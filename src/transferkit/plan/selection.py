"""Selection: try every arm on folds of the open labels and choose by validation. The sealed test plays no part.

Rounds: round r fits on fold r. In the first round every setting worth trying is tried once for every arm, scratch included;
after each round the better half goes on (`Tried.survive`). No arm gets its i-th setting before its baseline has had its
i-th: wherever the budget ends, the baseline is tuned as well as what it is compared with.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from transferkit.core.errors import BudgetSpent
from transferkit.core.method import Method
from transferkit.plan.arms import Arm
from transferkit.plan.trials import Trials
from transferkit.plan.tried import Tried

RESERVE = 0.5
"""Share of the budget that the proof may claim."""


def select(
    arms: Sequence[Arm], trials: Trials, folds: Sequence[int], n_seeds: int, tried: Tried, only_replay: bool
) -> None:
    """Try the arms while the budget, less what the proof needs, allows; results are added to `tried`.

    Kept back is what the proof of the dearest pair with `n_seeds` seeds takes, but never more than `RESERVE` of the budget:
    with little of it the proof makes do with fewer seeds. Finished trials cost nothing again; `only_replay` fits no other.
    """
    running: dict[Arm, list[Method]] = {arm: arm.candidates() for arm in arms}
    for position, fold in enumerate(folds):
        plan = list(_in_order(running))
        for done, (arm, method) in enumerate(plan):
            finished, reserve = trials.is_tried(arm, method, fold), 0.0
            if not finished and only_replay:
                continue
            if not finished:
                reserve = _reserve(trials, tried, arms, n_seeds)
                if not _allowed(trials, tried, arm, method, reserve, n_seeds):
                    tried.notes.append(_stopped(position, len(folds), done, len(plan)))
                    return
            try:
                tried.add(arm, method, trials.attempt(arm, method, fold, _deadline(trials, reserve)))
            except BudgetSpent:
                tried.notes.append(_stopped(position, len(folds), done, len(plan)))
                return
            trials.progress(f"trying arms, fold {position + 1} of {len(folds)}", done + 1, len(plan))
        running = tried.survive(running)


def _in_order(running: dict[Arm, list[Method]]) -> Iterator[tuple[Arm, Method]]:
    """The first settings of every arm, then the second, ...; each baseline beside the first arm it is compared with."""
    by_name = {arm.name: arm for arm in running}
    contenders = [arm for arm in running if arm.baseline is not None]
    compared = {arm.baseline for arm in contenders}
    rest = [arm for arm in running if arm.baseline is None and arm.name not in compared]
    for i in range(max((len(methods) for methods in running.values()), default=0)):
        given: set[Arm] = set()
        for contender in [*contenders, *rest]:
            baseline = by_name.get(contender.baseline or "")
            for arm in (contender, baseline) if i == 0 else (baseline, contender):
                if arm is not None and arm not in given and i < len(running[arm]):
                    given.add(arm)
                    yield arm, running[arm][i]


def _reserve(trials: Trials, tried: Tried, arms: Sequence[Arm], n_seeds: int) -> float:
    """Seconds to keep back: the full share until an arm and its baseline have shown what a pair costs."""
    share = RESERVE * (trials.allowance.budget.seconds or 0.0)
    cost = {arm.name: max((r.seconds for r in tried.all(arm)), default=None) for arm in arms}
    pairs = [(cost[arm.name], cost[arm.baseline]) for arm in arms if arm.baseline is not None]
    known = [one + other for one, other in pairs if one is not None and other is not None]
    return min(n_seeds * max(known), share) if known else share


def _allowed(trials: Trials, tried: Tried, arm: Arm, method: Method, reserve: float, n_seeds: int) -> bool:
    kept = 2 * n_seeds
    if trials.allowance.budget.trials is not None:
        kept = min(kept, max(2, int(RESERVE * trials.allowance.budget.trials)))
    return trials.allowance.allows(reserve + tried.seconds(arm, method), trials=1 + kept)


def _deadline(trials: Trials, reserve: float) -> float | None:
    if trials.allowance.budget.seconds is None:
        return None
    return time.monotonic() + trials.allowance.seconds_left - reserve


def _stopped(fold: int, n_folds: int, done: int, total: int) -> str:
    return f"the budget ended the trials in fold {fold + 1} of {n_folds}, after {done} of its {total} fits"
