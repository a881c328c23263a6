"""Selection: try the arms, rung after rung, on folds of the open labels. The sealed test plays no part.

Where a fit runs, and how many at once, is the executor's; it asks for the next fit when it has room for it, and only then is
it decided whether the budget still allows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transferkit.core.method import Method
from transferkit.evaluate.trial import TrialResult
from transferkit.planner.arms import Arm
from transferkit.planner.costs import Costs
from transferkit.planner.rungs import Rung, rungs
from transferkit.planner.settings import Settings
from transferkit.planner.trials import Fit, Trials
from transferkit.planner.tried import Tried

RESERVE = 0.6
"""Largest share of the budget that is kept back for the proof."""
LONGER = 1.2
"""A fit may take so many times as long when it is made again."""


def select(
    arms: Sequence[Arm],
    trials: Trials,
    costs: Costs,
    settings: Settings,
    tried: Tried,
    only_replay: bool = False,
) -> None:
    """Try the arms while the budget, less what the proof needs, allows; results are added to `tried`.

    Kept back is what the proof of the leading arm (and of pinned ones) takes, but never more than `RESERVE` of the budget: with
    little of it the proof makes do with fewer seeds. Finished trials cost nothing again; `only_replay` fits no other.
    """
    work = _Work(arms, trials, costs, settings, tried, only_replay)
    for rung in rungs(arms, settings.folds, tried, settings.prove_every_arm):
        if not work.climb(rung):
            break
    work.serve_the_front()


@dataclass
class _Work:
    """The fits of a study's trials, as far as the budget allows them when it is their turn."""

    arms: Sequence[Arm]
    trials: Trials
    costs: Costs
    settings: Settings
    tried: Tried
    only_replay: bool

    def __post_init__(self) -> None:
        self.by_name = {arm.name: arm for arm in self.arms}
        self.contenders = [arm for arm in self.arms if arm.baseline is not None]
        self.is_limited = self.trials.allowance.budget.seconds is not None

    def climb(self, rung: Rung) -> bool:
        """Fit one rung; False where the budget left some of it out."""
        results: dict[tuple[Arm, Method], TrialResult] = {}
        left_out: list[Arm] = []
        for fit, result in self.trials.run(self._wanted(rung, left_out)):
            if result is None:
                left_out.append(fit.arm)
                continue
            results[fit.arm, fit.method] = result
            if result.status == "done":
                self.costs.learn(fit.arm, fit.method, len(self.trials.target.fold(fit.seed).train), result.seconds)
            self.trials.progress(f"trying arms, {rung.name}", len(results), len(rung.fits))
        for arm, method in rung.fits:  # in the order of the plan, however they came back
            if (arm, method) in results:
                self.tried.add(arm, method, results[arm, method], rung.fold)
        if left_out:
            said = f"the budget ended the trials in their part '{rung.name}', after {len(results)} of its {len(rung.fits)} fits"
            self.tried.notes.append(said)
        return not left_out

    def serve_the_front(self) -> None:
        """Tune the baseline of the arm in front as far as the arm, where it has come to the front late; or the next one's."""
        for arm in self.tried.in_order(self.contenders):
            baseline = self.by_name[arm.baseline or ""]
            if self.tried.tuned_alike(arm, baseline):
                return
            fold = self.settings.folds[0]
            missing = baseline.candidates()[: len(self.tried.results[arm.name])]
            fits = [(baseline, method) for method in missing if not self.tried.has(baseline, method, fold)]
            self.climb(Rung(f"baseline of {arm.name}", fold, tuple(fits)))
            if self.tried.tuned_alike(arm, baseline):
                return

    def _wanted(self, rung: Rung, left_out: list[Arm]) -> Iterator[Fit]:
        """One fit after the other; what is too dear when it is its turn is left out, and a cheaper one may follow."""
        n_items = len(self.trials.target.fold(rung.fold).train)
        for arm, method in rung.fits:
            if self.trials.is_tried(arm, method, rung.fold):
                yield Fit(arm, method, "try", rung.fold, None)
                continue
            if self.only_replay:
                continue
            reserve = self._reserve(arm)
            expected = self.costs.expected(arm, method, n_items) if self.is_limited else 0.0
            room = self._room(arm, n_items, reserve)
            if expected > room or not self.trials.allowance.allows(0.0, trials=1 + self._trials_kept(arm)):
                left_out.append(arm)
                continue
            yield Fit(arm, method, "try", rung.fold, room if self.is_limited else None)

    def _room(self, arm: Arm, n_items: int, reserve: float) -> float:
        """Seconds that a fit may take: after one that takes longer nothing would be left to refit the arm and its baseline."""
        left = self.trials.allowance.seconds_left
        if arm.baseline is None or not self.is_limited:
            return left - reserve
        n_whole, baseline = len(self.trials.target.whole().train), self.by_name[arm.baseline]
        beside = self.costs.expected(baseline, self.tried.best(baseline) or baseline.method, n_whole)
        return min(left - reserve, (left - beside) * n_items / (n_items + LONGER * n_whole))

    def _front(self) -> tuple[Arm, Arm]:
        """The arm that leads, or is tried first, and its baseline."""
        leader = next(iter(self.tried.in_order(self.contenders)), self.contenders[0])
        return leader, self.by_name[leader.baseline or ""]

    def _is_proof_possible(self) -> bool:
        """Whether an arm and its baseline have both been tried."""
        return any(
            self.tried.tuned_alike(arm, self.by_name[arm.baseline or ""])
            for arm in self.tried.in_order(self.contenders)
        )

    def _trials_kept(self, next_one: Arm) -> int:
        """Fits to keep back: a pair for each seed; before there is a pair that could be proven, no more than leads to one."""
        if self.trials.allowance.budget.trials is None:
            return 0
        if not self._is_proof_possible():
            return 2 if next_one.baseline is None else 3
        return min(2 * len(self.settings.seeds), max(2, int(RESERVE * self.trials.allowance.budget.trials)))

    def _reserve(self, next_one: Arm) -> float:
        """Seconds to keep back: what the leading arm and its baseline take in the proof, and pinned ones with one seed.

        Before there is a pair that could be proven: what leads to one, with one seed.
        """
        if not self.is_limited:
            return 0.0
        leader, baseline = self._front()
        n_items, n_seeds = len(self.trials.target.whole().train), len(self.settings.seeds)
        if not self._is_proof_possible():
            first = proof_seconds(leader, baseline, self.tried, self.costs, n_items, 1)
            return first if next_one == baseline else first + self.costs.expected(baseline, baseline.method, n_items)
        needed = proof_seconds(leader, baseline, self.tried, self.costs, n_items, n_seeds)
        for arm in self.contenders:
            if arm.pinned and arm != leader:
                needed += proof_seconds(arm, self.by_name[arm.baseline or ""], self.tried, self.costs, n_items, 1)
        return min(RESERVE * (self.trials.allowance.budget.seconds or 0.0), needed)


def proof_seconds(arm: Arm, baseline: Arm, tried: Tried, costs: Costs, n_items: int, n_seeds: int) -> float:
    """What fitting an arm and its baseline with so many seeds takes; a deterministic one is fitted once."""
    total = 0.0
    for one in (arm, baseline):
        method = tried.best(one) or one.method
        total += costs.expected(one, method, n_items) * (1 if method.deterministic else n_seeds)
    return total
