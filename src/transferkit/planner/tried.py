"""Tried: every trial's result so far, and who stands where on validation."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from transferkit.core.method import Method
from transferkit.evaluate.trial import TrialResult
from transferkit.ops.statistics.crossed import crossed_interval
from transferkit.planner.arms import Arm

Standing = tuple[float, float]
"""Mean metric with its sign, so that higher is better; minus the mean loss, for ties."""
SURE = 0.98
"""Level of the interval that says an arm cannot win: one time in a hundred a better one is dropped by chance."""
SHARE = 1 / 3
"""Of the arms, and of each one's settings, that go on after a round."""
FEWEST_ITEMS = 20
"""Validation items below which nothing is said about who cannot win."""


@dataclass
class Tried:
    """Arm name -> settings -> results, one a fold, in the order of the folds.

    Arms and settings that went on to a later round stand before those that were dropped, whatever the first fold said of
    them; those that went equally far are compared on the folds they share.
    """

    sign: int = 1
    """1 where a higher metric is better, else -1."""
    results: dict[str, dict[Method, list[TrialResult]]] = field(default_factory=lambda: defaultdict(dict))
    folds: dict[tuple[str, Method], list[int]] = field(default_factory=lambda: defaultdict(list))
    rounds: dict[tuple[str, Method], int] = field(default_factory=dict)
    """How many rounds an arm's settings have survived."""
    beaten: dict[str, str] = field(default_factory=dict)
    """Arm -> why it was dropped before the end."""
    notes: list[str] = field(default_factory=list)

    def add(self, arm: Arm, method: Method, result: TrialResult, fold: int = 0) -> None:
        """Keep one more."""
        self.results[arm.name].setdefault(method, []).append(result)
        self.folds[arm.name, method].append(fold)

    def has(self, arm: Arm, method: Method, fold: int) -> bool:
        """Whether this fold has seen these settings."""
        return fold in self.folds.get((arm.name, method), ())

    def best(self, arm: Arm) -> Method | None:
        """The settings that went furthest, with the best validation among them; None where every fit failed."""
        ranked = self._in_order([(arm.name, method) for method in self.results.get(arm.name, ())])
        return ranked[0][1] if ranked else None

    def in_order(self, arms: Sequence[Arm]) -> list[Arm]:
        """The arms that gave a result, best first."""
        by_name = {arm.name: arm for arm in arms}
        best = [(arm.name, method) for arm in arms if (method := self.best(arm)) is not None]
        return [by_name[name] for name, _ in self._in_order(best)]

    def validation(self, arm: Arm) -> float | None:
        """Mean validation metric of the best settings, as people read it."""
        method = self.best(arm)
        standing = None if method is None else score(self.results[arm.name][method], self.sign)
        return None if standing is None else standing[0] * self.sign

    def tuned_alike(self, arm: Arm, baseline: Arm) -> bool:
        """Whether the baseline has had as many settings tried as the arm, or all of its own."""
        n_arm, n_baseline = (len(self.results.get(one.name, ())) for one in (arm, baseline))
        return 0 < n_baseline >= min(n_arm, len(baseline.candidates()))

    def is_settled(self, arm: Arm, methods: Sequence[Method]) -> bool:
        """Whether another fold has nothing to teach of a baseline: one setting of it is left, which trains to its end.

        A baseline takes no part in the choice; where validation says how long to train, every fold has a word in that.
        """
        results = self.results.get(arm.name, {}).get(methods[0], []) if len(methods) == 1 else []
        lengths = [
            (r.record.get("best_epoch"), len(r.record.get("curve", {}).get("training_loss", ()))) for r in results
        ]
        return bool(lengths) and all(best is not None and best == n for best, n in lengths)

    def all(self, arm: Arm) -> list[TrialResult]:
        """Every result of an arm."""
        return [result for results in self.results.get(arm.name, {}).values() for result in results]

    def survive(self, running: dict[Arm, list[Method]], *, settings_too: bool = True) -> dict[Arm, list[Method]]:
        """After a round: the best third of the contenders, two at least, with the best third of their settings.

        Those that cannot win any more go as well; pinned ones stay, and a baseline as long as one of its contenders does.
        `settings_too` False: every setting stays, for not all have had their turn.
        """
        contenders = self.in_order([arm for arm in running if arm.baseline is not None])
        foremost = contenders[: max(2, math.ceil(len(contenders) * SHARE))]
        kept = [arm for arm in contenders if arm.pinned or arm in foremost]
        kept = [arm for arm in kept if arm.pinned or not self._cannot_win(arm, contenders[0])]
        for place, arm in enumerate(contenders, start=1):
            if arm not in kept:
                self.beaten.setdefault(arm.name, f"dropped in place {place} of {len(contenders)} on validation")
        needed = {arm.baseline for arm in kept}
        survivors = {}
        for arm, methods in running.items():
            if arm in kept or arm.name in needed:
                ranked = self._in_order([(arm.name, m) for m in methods if m in self.results.get(arm.name, {})])
                best = [m for _, m in ranked]
                untried = [m for m in methods if m not in self.results.get(arm.name, {})]
                keep_all = not settings_too or not best
                survivors[arm] = [*best, *untried] if keep_all else best[: math.ceil(len(methods) * SHARE)]
                self.rounds |= {(arm.name, m): self.rounds.get((arm.name, m), 0) + 1 for m in survivors[arm]}
        return survivors

    def _cannot_win(self, arm: Arm, leader: Arm) -> bool:
        """Whether the leader is better on the validation items both have seen, beyond what chance makes likely."""
        if arm == leader:
            return False
        one, other = self.best(arm), self.best(leader)
        if one is None or other is None:
            return False
        differences: list[np.ndarray] = []
        for fold, result in zip(self.folds[arm.name, one], self.results[arm.name][one], strict=True):
            if fold in self.folds[leader.name, other]:
                theirs = self.results[leader.name][other][self.folds[leader.name, other].index(fold)]
                if len(result.per_item) == len(theirs.per_item):
                    differences.append(np.array(result.per_item) - np.array(theirs.per_item))
        table = self.sign * np.concatenate(differences) if differences else np.zeros(0)
        if len(table) < FEWEST_ITEMS or not np.ptp(table):
            return False
        return crossed_interval(table[None, :], SURE).high < 0

    def _in_order(self, entries: Sequence[tuple[str, Method]]) -> list[tuple[str, Method]]:
        furthest: dict[int, list[tuple[str, Method]]] = defaultdict(list)
        for name, method in entries:
            if score(self.results[name].get(method, ()), self.sign) is not None:
                furthest[self.rounds.get((name, method), 0)].append((name, method))
        ordered = []
        for _, peers in sorted(furthest.items(), reverse=True):
            shared = min(len(self.results[name][method]) for name, method in peers)
            standing = {e: score(self.results[e[0]][e[1]][:shared], self.sign) or (-math.inf, 0.0) for e in peers}
            ordered += sorted(peers, key=standing.__getitem__, reverse=True)
        return ordered


def score(results: Sequence[TrialResult], sign: int) -> Standing | None:
    """Mean metric, higher is better, and minus the loss; None where any fit failed or nothing was judged."""
    if not results or any(r.status == "failed" or r.validation is None for r in results):
        return None
    losses = [r.validation_loss for r in results if r.validation_loss is not None]
    return sign * float(np.mean([r.validation for r in results])), -float(np.mean(losses or [0.0]))
