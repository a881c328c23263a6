"""Proving: refit the chosen arm and its baseline with paired seeds on every open label; then the seal may be opened.

What is to be proven is written down before the seal is opened, and never changes afterwards, not even when an interrupted
study goes on. First the chosen arm (the primary claim); then, as far as the budget allows, the secondary ones. A pair in
which one fit was cut short by the budget is not evidence and is left out.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from transferkit.artifact.wording import duration
from transferkit.core.method import Method
from transferkit.core.predictor import Predictor
from transferkit.core.source import Source
from transferkit.core.spelling import read_method
from transferkit.evaluate.trial import TrialKey, TrialResult
from transferkit.planner.arms import Arm
from transferkit.planner.costs import Costs
from transferkit.planner.trials import Fit, Trials, record_of
from transferkit.planner.tried import Tried

CHOICE = "choice"
TIMED_ITEMS = 64
SECONDARY = 2
"""Claims beside the first that may cost as many fits as it."""


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
    seconds_an_item: dict[str, float] = field(default_factory=dict)
    """What predicting one item takes, by arm."""
    notes: list[str] = field(default_factory=list)
    cut_short: bool = False
    """The budget ended a refit that had begun."""

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


def choose(arms: Sequence[Arm], tried: Tried, trials: Trials, costs: Costs, every_arm: bool) -> list[Claim]:
    """The claims, best validation first, written down. `every_arm`: one a contender; else one a set of sources.

    Only arms whose baseline was tuned as far as they were are compared with it. Where not every arm is proven, the claims
    after the first `SECONDARY` are of arms that one fit proves: with many sources the proof would else cost more than the
    search; and one that does not fit in what is left of the budget gives way to those that do. Pinned arms are proven in any
    case.
    """
    by_name = {arm.name: arm for arm in arms}
    claims: list[Claim] = []
    too_dear: list[Claim] = []
    seen: set[tuple[Source, ...]] = set()
    for arm in tried.in_order([arm for arm in arms if arm.baseline]):
        baseline = by_name[arm.baseline or ""]
        method, baseline_method = final_method(arm, tried), final_method(baseline, tried)
        if method is None or baseline_method is None:
            continue
        if not tried.tuned_alike(arm, baseline):
            if every_arm or not claims:
                tried.notes.append(f"{arm.name} is not claimed: its baseline was not tuned as far")
            continue
        claim = Claim(arm, method, baseline, baseline_method)
        if not (every_arm or arm.pinned):
            if (more := _beyond(claim, trials, costs)) > 0:
                tried.notes.append(
                    f"{arm.name} is not claimed: its proof would take {duration(more)} more than is left"
                )
                too_dear.append(claim)
                continue
            if arm.sources in seen or (len(claims) > SECONDARY and not method.deterministic):
                continue
            seen.add(arm.sources)
        claims.append(claim)
    return _written(claims or too_dear[:1], arms, trials)


def _beyond(claim: Claim, trials: Trials, costs: Costs) -> float:
    """By how many seconds the shortest proof, one seed of each, goes beyond what is left of the budget."""
    if trials.allowance.budget.seconds is None:
        return 0.0
    n_items = len(trials.target.whole().train)
    pair = ((claim.arm, claim.method), (claim.baseline, claim.baseline_method))
    return sum(costs.expected(arm, method, n_items) for arm, method in pair) - trials.allowance.seconds_left


def without_trial(arms: Sequence[Arm], trials: Trials) -> list[Claim]:
    """The claim of the arm that is taken, written down: its first settings and its baseline's; none where trials decide."""
    by_name = {arm.name: arm for arm in arms}
    pairs = [(arm, by_name[arm.baseline or ""]) for arm in arms if arm.taken]
    return _written([Claim(arm, arm.method, baseline, baseline.method) for arm, baseline in pairs], arms, trials)


def _written(claims: Sequence[Claim], arms: Sequence[Arm], trials: Trials) -> list[Claim]:
    if claims:
        written = [[c.arm.name, str(c.method), c.baseline.name, str(c.baseline_method)] for c in claims]
        trials.journal.note(CHOICE, written)
    return written_choice(arms, trials)


def refit(claims: Sequence[Claim], trials: Trials, costs: Costs, seeds: Sequence[int], refits: Refits) -> None:
    """Fit the claims' arms and baselines on every open label, the primary claim's seeds first, within the allowance.

    Predictors are added to `refits` as they are there. The first pair is begun whatever it is expected to cost; any other
    only where it is expected to fit in. What fails or does not fit in is noted, and the next claim is taken.
    """
    proof = _Proof(claims, trials, costs, seeds, refits)
    for fit, result in trials.run(proof.wanted()):
        proof.take(fit, result)
    for n_done, arms in proof.ended.items():
        refits.notes.append(f"the budget ended the proof after {n_done} of {len(seeds)} seeds: {', '.join(arms)}")


class _Proof:
    """The refits of the claims, each asked for when it is its turn."""

    def __init__(
        self, claims: Sequence[Claim], trials: Trials, costs: Costs, seeds: Sequence[int], refits: Refits
    ) -> None:
        self.claims, self.trials, self.costs, self.seeds, self.refits = claims, trials, costs, seeds, refits
        self.n_items = len(trials.target.whole().train)
        self.lost: dict[str, str] = {}
        """Arm -> why its proof cannot go on."""
        self.ended: dict[int, list[str]] = defaultdict(list)
        """Seeds that were done -> the arms whose proof the budget ended there."""
        self.asked: set[TrialKey] = set()
        """Fits that are made or under way: they cost nothing more."""
        self._loaded: dict[TrialKey, Predictor] = {}

    def wanted(self) -> Iterator[Fit]:
        """Pair after pair, of the first claim, then of the second, ..."""
        for position, claim in enumerate(self.claims):
            pair = [(claim.arm, claim.method), (claim.baseline, claim.baseline_method)]
            for n_done, seed in enumerate(self.seeds):
                if claim.arm.name in self.lost or claim.baseline.name in self.lost:
                    break
                if not self._fits_in(pair, seed) and position + n_done > 0:
                    self.ended[n_done].append(claim.arm.name)
                    break
                for arm, method in pair:
                    if seed not in self.refits.predictors.get(arm.name, {}) and arm.name not in self.lost:
                        self.asked.add(self.trials.key(Fit(arm, method, "prove", seed)))
                        yield Fit(arm, method, "prove", seed, self._seconds())
                self.trials.progress(f"proving arm {position + 1} of {len(self.claims)}", n_done + 1, len(self.seeds))

    def take(self, fit: Fit, result: TrialResult | None) -> None:
        """Keep what came of a refit."""
        name = fit.arm.name
        if result is None:
            self.refits.cut_short = True
            self._lose(name, f"the budget cut the proof of {name} short, in seed {fit.seed}")
        elif result.status == "failed":
            self._lose(name, f"{name} could be tried but not proven: {result.message}")
        else:
            key = self.trials.key(fit)
            if key not in self._loaded:
                self._loaded[key] = predictor = self.trials.journal.predictor(key)
                predictor.record = record_of(result)
                predictor.to(self.trials.device)
                self.refits.seconds[name].append(result.seconds)
                self.costs.learn(fit.arm, fit.method, self.n_items, result.seconds)
            self.refits.predictors.setdefault(name, {})[fit.seed] = self._loaded[key]

    def _lose(self, name: str, why: str) -> None:
        if name not in self.lost:
            self.lost[name] = why
            self.refits.notes.append(why)

    def _fits_in(self, pair: Sequence[tuple[Arm, Method]], seed: int) -> bool:
        """Whether what is missing of a pair is expected to end within the allowance."""
        keys = {
            self.trials.key(Fit(arm, method, "prove", seed)): (arm, method)
            for arm, method in pair
            if seed not in self.refits.predictors.get(arm.name, {})
        }
        missing = [
            (arm, method)
            for key, (arm, method) in keys.items()
            if key not in self.asked and key not in self._loaded and not self.trials.is_proven(arm, method, seed)
        ]
        if not missing:
            return True
        expected = 0.0
        if self.trials.allowance.budget.seconds is not None:
            expected = sum(self.costs.expected(arm, method, self.n_items) for arm, method in missing)
            expected += predicting(self.refits, self.trials, len(missing))
        return self.trials.allowance.allows(1.1 * expected, len(missing))

    def _seconds(self) -> float | None:
        if self.trials.allowance.budget.seconds is None:
            return None
        return self.trials.allowance.seconds_left - predicting(self.refits, self.trials, 1)


def predicting(refits: Refits, trials: Trials, n_more: int) -> float:
    """Seconds that predicting the test items with every predictor so far, and `n_more`, is going to take.

    Timed once for each arm, on open items; those to come are taken for the slowest.
    """
    if trials.allowance.budget.seconds is None or not refits.predictors:
        return 0.0
    opened = trials.target.train if len(trials.target.train) else trials.target.unlabelled
    items = opened.items[: min(TIMED_ITEMS, len(opened))]
    for arm, several in refits.predictors.items():
        if arm not in refits.seconds_an_item:
            start = time.monotonic()
            next(iter(several.values())).predict(items)
            refits.seconds_an_item[arm] = (time.monotonic() - start) / len(items)
    distinct = {arm: len({id(p) for p in several.values()}) for arm, several in refits.predictors.items()}
    an_item = sum(n * refits.seconds_an_item[arm] for arm, n in distinct.items())
    return 1.2 * len(trials.target.test) * (an_item + n_more * max(refits.seconds_an_item.values()))


def final_method(arm: Arm, tried: Tried) -> Method | None:
    """The arm's best settings, with what validation has taught (such as how long to train)."""
    method = tried.best(arm)
    if method is None:
        return None
    done = [r for r in tried.results[arm.name][method] if r.status == "done"]
    records = sorted((record_of(r) for r in done), key=lambda record: record.best_epoch or 0)
    return method.refit(records[len(records) // 2])
