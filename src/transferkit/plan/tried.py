"""Tried: every trial's result so far, and who stands where on validation."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from transferkit.core.method import Method
from transferkit.evaluate.trial import TrialResult
from transferkit.plan.arms import Arm

Standing = tuple[float, float]
"""Mean metric with its sign, so that higher is better; minus the mean loss, for ties."""


@dataclass
class Tried:
    """Arm name -> settings -> results, one a fold, in the order of the folds.

    Arms and settings that went on to a later round stand before those that were dropped, whatever the first fold said of
    them; those that went equally far are compared on the folds they share.
    """

    sign: int = 1
    """1 where a higher metric is better, else -1."""
    results: dict[str, dict[Method, list[TrialResult]]] = field(default_factory=lambda: defaultdict(dict))
    rounds: dict[tuple[str, Method], int] = field(default_factory=dict)
    """How many rounds an arm's settings have survived."""
    notes: list[str] = field(default_factory=list)

    def add(self, arm: Arm, method: Method, result: TrialResult) -> None:
        """Keep one more."""
        self.results[arm.name].setdefault(method, []).append(result)

    def best(self, arm: Arm) -> Method | None:
        """The settings that went furthest, with the best validation among them; None where every fit failed."""
        ranked = self._in_order([(arm.name, method) for method in self.results[arm.name]])
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

    def all(self, arm: Arm) -> list[TrialResult]:
        """Every result of an arm."""
        return [result for results in self.results[arm.name].values() for result in results]

    def seconds(self, arm: Arm, method: Method) -> float:
        """What one fit takes: the mean over these settings' fits, or else over all of the arm's; 0 where untried."""
        fits = self.results[arm.name].get(method) or self.all(arm)
        return float(np.mean([result.seconds for result in fits])) if fits else 0.0

    def survive(self, running: dict[Arm, list[Method]]) -> dict[Arm, list[Method]]:
        """After a round: the better half of the contenders, two at least, with the better half of their settings.

        A baseline stays as long as one of its contenders does.
        """
        contenders = self.in_order([arm for arm in running if arm.baseline is not None])
        kept = contenders[: max(2, math.ceil(len(contenders) / 2))]
        needed = {arm.baseline for arm in kept}
        survivors = {}
        for arm, methods in running.items():
            if arm in kept or arm.name in needed:
                ranked = self._in_order([(arm.name, m) for m in methods if m in self.results[arm.name]])
                survivors[arm] = [m for _, m in ranked[: math.ceil(len(methods) / 2)]]
                self.rounds |= {(arm.name, m): self.rounds.get((arm.name, m), 0) + 1 for m in survivors[arm]}
        return survivors

    def _in_order(self, entries: Sequence[tuple[str, Method]]) -> list[tuple[str, Method]]:
        furthest: dict[int, list[tuple[str, Method]]] = defaultdict(list)
        for name, method in entries:
            if score(self.results[name][method], self.sign) is not None:
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
