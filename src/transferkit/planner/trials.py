"""Trials: fit arms with seeds, each once, wherever the executor runs them. What the journal holds is not fitted again."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from transferkit.artifact.journal import Journal
from transferkit.core.errors import BudgetSpent
from transferkit.core.method import Method
from transferkit.core.predictor import FitRecord
from transferkit.core.run import Cache, Progress, silent
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.core.task import Curve
from transferkit.evaluate.trial import Phase, TrialKey, TrialResult
from transferkit.planner.allowance import Allowance
from transferkit.planner.arms import Arm
from transferkit.planner.executor.contract import Executor, Job, Outcome
from transferkit.planner.executor.here import Here

OUT_OF_TIME = "the time for this trial ended before it had a result; give a larger --budget"


@dataclass(frozen=True)
class Fit:
    """One trial that is wanted: on fold `seed` (phase try), or on every open label with seed `seed` (phase prove)."""

    arm: Arm
    method: Method
    phase: Phase
    seed: int
    seconds: float | None = None
    """What it may take from now; None: no limit."""
    target: Target | None = None
    """What to fit to, such as a part of the labels; None: the study's target."""


Fitted = tuple[Fit, TrialResult | None]
"""A fit and what came of it; None where it did not end in time, or was a refit and cut short."""


@dataclass
class Trials:
    """A study's fits: which are finished, and where the others run."""

    target: Target
    journal: Journal
    allowance: Allowance
    cache: Cache
    device: str = "cpu"
    progress: Progress = silent
    executor: Executor = field(default_factory=Here)
    notes: list[str] = field(default_factory=list)
    """What happened on the way: workers that were lost."""
    _fingerprints: dict[str, str] = field(default_factory=dict)

    def run(self, fits: Iterable[Fit | None]) -> Iterator[Fitted]:
        """Fit them; each is yielded when it has ended, in this process in the order of `fits`.

        The next of `fits` is asked for only when a worker is free, and after every result so far has been yielded: a
        generator may decide by them, and say at that moment what a fit may take. None among `fits` stands for "nothing until
        one of those under way has ended". What the journal holds costs nothing. A failure is a result with a reason; it is
        not kept, for the reason may have gone when the study goes on. Whoever stops asking gives up what is under way.
        """
        wanted, end = iter(fits), object()
        under_way: dict[int, tuple[TrialKey, list[Fit]]] = {}
        exhausted = False
        try:
            while True:
                while not exhausted and len(under_way) < self.executor.workers:
                    fit = next(wanted, end)
                    exhausted = fit is end
                    if not isinstance(fit, Fit):
                        break
                    key = self.key(fit)
                    same = next((others for other, others in under_way.values() if other == key), None)
                    if (known := self.journal.finished(key)) is not None:
                        yield fit, known
                    elif same is not None:
                        same.append(fit)
                    else:
                        self.allowance.count()
                        under_way[self.executor.submit(self._job(fit, key), self.progress)] = (key, [fit])
                if not under_way:
                    if exhausted:
                        return
                    raise ValueError("the fits wait for a result, and nothing is under way")
                ticket, outcome = self.executor.next_outcome()
                key, asked = under_way.pop(ticket)
                result = self._kept(key, outcome)
                for fit in asked:
                    yield fit, result
        finally:
            self.executor.cancel()

    def attempt(self, arm: Arm, method: Method, seed: int, deadline: float | None) -> TrialResult:
        """Fit on fold `seed` and judge on its validation items; a failure is a result with a reason."""
        return self._one(Fit(arm, method, "try", seed, _until(deadline)))

    def prove(self, arm: Arm, method: Method, seed: int, deadline: float | None) -> TrialResult:
        """Fit on every open label; the predictor is kept by the journal. A fit that was cut short raises BudgetSpent."""
        return self._one(Fit(arm, method, "prove", seed, _until(deadline)))

    def is_finished(self, fit: Fit) -> bool:
        """Whether the journal holds it already."""
        return self.journal.finished(self.key(fit)) is not None

    def is_tried(self, arm: Arm, method: Method, seed: int) -> bool:
        """Whether the journal holds this attempt already."""
        return self.is_finished(Fit(arm, method, "try", seed))

    def is_proven(self, arm: Arm, method: Method, seed: int) -> bool:
        """Whether the journal holds this refit already."""
        return self.is_finished(Fit(arm, method, "prove", seed))

    def proof_key(self, arm: Arm, method: Method, seed: int) -> TrialKey:
        """Under which the journal keeps the predictor; one for all seeds where the seed changes nothing."""
        return self.key(Fit(arm, method, "prove", seed))

    def fingerprint_of(self, source: Source) -> str:
        """A source's fingerprint, asked for once."""
        if source.name not in self._fingerprints:
            self._fingerprints[source.name] = source.card().fingerprint
        return self._fingerprints[source.name]

    def key(self, fit: Fit) -> TrialKey:
        """Under which the journal keeps a fit; one for all seeds of a refit where the seed changes nothing."""
        method = fit.method
        spelled = f"{method.name}:" + ",".join(f"{k}={v}" for k, v in sorted(method.settings().items()))
        seed = 0 if fit.phase == "prove" and method.deterministic else fit.seed
        sources = tuple(map(self.fingerprint_of, fit.arm.sources))
        return TrialKey(fit.arm.name, spelled, sources, (fit.target or self.target).fingerprint, fit.phase, seed)

    def _one(self, fit: Fit) -> TrialResult:
        ((_, result),) = self.run([fit])
        if result is None:
            raise BudgetSpent(OUT_OF_TIME)
        return result

    def _job(self, fit: Fit, key: TrialKey) -> Job:
        return Job(
            arm=fit.arm.name,
            method=fit.method,
            sources=fit.arm.sources,
            target=fit.target or self.target,
            phase=fit.phase,
            seed=key.seed,
            cache=self.cache,
            device=self.device,
            seconds=fit.seconds,
        )

    def _kept(self, key: TrialKey, outcome: Outcome) -> TrialResult | None:
        self.notes += [note for note in outcome.notes if note not in self.notes]
        result = outcome.result
        if result is None or result.status == "failed":
            self.journal.spend()
            return result
        return self.journal.finish(key, result, outcome.predictor)


def record_of(result: TrialResult) -> FitRecord:
    """The fit record a trial's plain values came from."""
    values = dict(result.record)
    curve = Curve(**{name: tuple(points) for name, points in values.pop("curve", {}).items()})
    return FitRecord(curve=curve, **{**values, "notes": tuple(values.get("notes", ()))})


def _until(deadline: float | None) -> float | None:
    return None if deadline is None else deadline - time.monotonic()
