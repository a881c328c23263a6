"""Rungs: in which portions a study's arms are tried - successive halving (Jamieson & Talwalkar 2016, arXiv:1502.07943).

The resource is folds of the open labels, the same folds and seeds for every arm, so that all comparisons are paired:

1. what needs no training: each source's closed forms, on fold 0;
2. the baseline of whoever leads, and the rest at their first settings, on fold 0;
3. the best third at their other settings, on fold 0;
4. then fold after fold: the best third of the arms that are left, each with the best third of its settings.

Arms that cannot win any more are out at the end of a rung. The baseline of the arm in front is tried, and those of
pinned ones; there no arm gets its i-th settings before its baseline has had its i-th: wherever the budget ends, the
baseline is tuned as well as what it is compared with.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transferkit.core.method import Method
from transferkit.planner.arms import Arm
from transferkit.planner.tried import Tried

IN_FRONT = 1
"""Arms whose baselines are worth their cost: a baseline takes no part in the choice, only in the proof."""

Running = dict[Arm, list[Method]]
"""Arm -> the settings of it that are still in."""


@dataclass(frozen=True)
class Rung:
    """Fits that do not wait for each other; what comes after waits for all of them."""

    name: str
    fold: int
    fits: tuple[tuple[Arm, Method], ...]


def rungs(arms: Sequence[Arm], folds: Sequence[int], tried: Tried, every_baseline: bool = False) -> Iterator[Rung]:
    """One rung after the other; the results of each must be in `tried` before the next is asked for.

    `every_baseline`: every arm is going to be proven, so that every baseline is worth its cost.
    """
    running: Running = {arm: arm.candidates() for arm in arms}
    contenders = [arm for arm in arms if arm.baseline is not None]
    compared = {arm.baseline for arm in contenders}
    floors = [arm for arm in arms if arm.baseline is None and arm.name not in compared]

    quick = [arm for arm in contenders if not arm.method.steps(1)]
    yield _rung("closed forms", folds[0], [(arm, running[arm][0]) for arm in quick], tried)
    slow = [arm for arm in contenders if arm not in quick]
    leader = next(iter(tried.in_order(quick)), None) or next(iter(slow), None)
    wanted = compared if every_baseline else {leader.baseline} if leader else set()
    lead = [arm for arm in arms if arm.baseline is None and arm.name in wanted]
    yield _rung("first settings", folds[0], [(arm, running[arm][0]) for arm in [*lead, *slow, *floors]], tried)
    running = tried.survive(running, settings_too=False)
    yield _rung("other settings", folds[0], list(_settings_in_turn(running, tried, every_baseline)), tried)
    for fold in folds[1:]:
        running = tried.survive(running)
        if not _open_question(running, tried, every_baseline):
            return
        fits = list(_settings_in_turn(running, tried, every_baseline))
        yield _rung(f"fold {fold - folds[0] + 1} of {len(folds)}", fold, fits, tried)


def _rung(name: str, fold: int, fits: Sequence[tuple[Arm, Method]], tried: Tried) -> Rung:
    """Without what this fold has seen already."""
    return Rung(name, fold, tuple(fit for fit in fits if not tried.has(*fit, fold)))


def _settings_in_turn(running: Running, tried: Tried, every_baseline: bool) -> Iterator[tuple[Arm, Method]]:
    """The first settings of every arm, then the second, ...; each baseline before the arms it is compared with."""
    contenders = [arm for arm in running if arm.baseline is not None]
    served = _served(running, tried, every_baseline)
    baselines = [arm for arm in running if arm.name in served and not tried.is_settled(arm, running[arm])]
    for i in range(max((len(methods) for methods in running.values()), default=0)):
        for arm in [*baselines, *contenders]:
            if i < len(running[arm]):
                yield arm, running[arm][i]


def _served(running: Running, tried: Tried, every_baseline: bool) -> set[str]:
    """Names of the baselines of the arm in front, and of pinned ones; or of all."""
    contenders = [arm for arm in running if arm.baseline is not None]
    in_front = tried.in_order(contenders)[:IN_FRONT] or contenders[:IN_FRONT]
    return {arm.baseline or "" for arm in contenders if every_baseline or arm in in_front or arm.pinned}


def _open_question(running: Running, tried: Tried, every_baseline: bool) -> bool:
    """Whether another fold could change anything: which arm, which settings of it, or which of a baseline not yet tried."""
    contenders = [arm for arm in running if arm.baseline is not None]
    served = _served(running, tried, every_baseline)
    untried = any(not tried.all(arm) for arm in running if arm.name in served)
    return untried or len(contenders) > 1 or any(len(running[arm]) > 1 for arm in contenders)
