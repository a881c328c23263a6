"""Selection: try the arms, rung after rung, on folds of the open labels. The sealed test plays no part.

Where a fit runs, and how many at once, is the executor's; it asks for the next fit when it has room for it, and only then is
it decided whether the budget still allows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from transferkit.planner.arms import Arm
from transferkit.planner.costs import Costs
from transferkit.planner.rungs import Rung, rungs
from transferkit.planner.trials import Fit, Trials
from transferkit.planner.tried import Tried

RESERVE = 0.6
"""Largest share of the budget that is kept back for the proof."""


def select(
    arms: Sequence[Arm],
    trials: Trials,
    costs: Costs,
    folds: Sequence[int],
    n_seeds: int,
    tried: Tried,
    only_replay: bool = False,
) -> None:
    """Try the arms while the budget, less what the proof needs, allows; results are added to `tried`.

    Kept back is what the proof of the leading arm with `n_seeds` seeds takes, but never more than `RESERVE` of the budget:
    with little of it the proof makes do with fewer seeds. Finished trials cost nothing again; `only_replay` fits no other.
    """
    for rung in rungs(arms, folds, tried):
        portion = _Portion(rung, arms, trials, costs, n_seeds, tried, only_replay)
        results = {}
        for fit, result in trials.run(portion.wanted()):
            if result is None:
                portion.ended = True
                continue
            results[fit.arm, fit.method] = result
            if result.status == "done":
                costs.learn(fit.arm, fit.method, len(trials.target.fold(fit.seed).train), result.seconds)
            trials.progress(f"trying arms, {rung.name}", len(results), len(rung.fits))
        for arm, method in rung.fits:  # in the order of the plan, however they came back
            if (arm, method) in results:
                tried.add(arm, method, results[arm, method], rung.fold)
        if portion.ended:
            said = f"the budget ended the trials in their part '{rung.name}', after {len(results)} of its {len(rung.fits)} fits"
            tried.notes.append(said)
            return


class _Portion:
    """The fits of one rung, as far as the budget allows them when it is their turn."""

    def __init__(
        self,
        rung: Rung,
        arms: Sequence[Arm],
        trials: Trials,
        costs: Costs,
        n_seeds: int,
        tried: Tried,
        only_replay: bool,
    ) -> None:
        self.rung, self.arms, self.trials, self.costs = rung, arms, trials, costs
        self.n_seeds, self.tried, self.only_replay = n_seeds, tried, only_replay
        self.ended = False

    def wanted(self) -> Iterator[Fit]:
        """One fit after the other; ends early where the budget does."""
        n_items = len(self.trials.target.fold(self.rung.fold).train)
        for arm, method in self.rung.fits:
            if self.trials.is_tried(arm, method, self.rung.fold):
                yield Fit(arm, method, "try", self.rung.fold, None)
                continue
            if self.only_replay:
                continue
            reserve = self._reserve()
            expected = self.costs.expected(arm, method, n_items) if self._is_limited() else 0.0
            if self.ended or not self._allowed(reserve + expected):
                self.ended = True
                return
            seconds = self.trials.allowance.seconds_left - reserve if self._is_limited() else None
            yield Fit(arm, method, "try", self.rung.fold, seconds)

    def _is_limited(self) -> bool:
        return self.trials.allowance.budget.seconds is not None

    def _allowed(self, seconds: float) -> bool:
        kept = 2 * self.n_seeds
        if self.trials.allowance.budget.trials is not None:
            kept = min(kept, max(2, int(RESERVE * self.trials.allowance.budget.trials)))
        return self.trials.allowance.allows(seconds, trials=1 + kept)

    def _reserve(self) -> float:
        """Seconds to keep back: what the leading arm and its baseline take, `n_seeds` times."""
        if not self._is_limited():
            return 0.0
        contenders = [arm for arm in self.arms if arm.baseline is not None]
        leader = next(iter(self.tried.in_order(contenders)), contenders[0])
        baseline = next(arm for arm in self.arms if arm.name == leader.baseline)
        n_items = len(self.trials.target.whole().train)
        share = RESERVE * (self.trials.allowance.budget.seconds or 0.0)
        return min(share, proof_seconds(leader, baseline, self.tried, self.costs, n_items, self.n_seeds))


def proof_seconds(arm: Arm, baseline: Arm, tried: Tried, costs: Costs, n_items: int, n_seeds: int) -> float:
    """What fitting an arm and its baseline with so many seeds takes; a deterministic one is fitted once."""
    total = 0.0
    for one in (arm, baseline):
        method = tried.best(one) or one.method
        total += costs.expected(one, method, n_items) * (1 if method.deterministic else n_seeds)
    return total
