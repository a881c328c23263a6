"""Trials: fit one arm with one seed - once. What the journal holds already is not fitted again."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from transferkit.artifact.journal import Journal
from transferkit.core.errors import BudgetSpent, TransferkitError
from transferkit.core.method import Method
from transferkit.core.predictor import FitRecord, Predictor
from transferkit.core.run import Cache, Progress, Run, silent
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.core.task import Curve, Predictions
from transferkit.evaluate.trial import Phase, TrialKey, TrialResult
from transferkit.plan.allowance import Allowance
from transferkit.plan.arms import Arm


@dataclass
class Trials:
    """Where a study's fits happen, in this process."""

    target: Target
    journal: Journal
    allowance: Allowance
    cache: Cache
    device: str = "cpu"
    progress: Progress = silent
    _fingerprints: dict[str, str] = field(default_factory=dict)

    def attempt(self, arm: Arm, method: Method, seed: int, deadline: float | None) -> TrialResult:
        """Fit on fold `seed` and judge on its validation items; a failure is a result with a reason."""
        key = self._key(arm, method, "try", seed)
        return self.journal.finished(key) or self._fit(key, arm, method, self.target.fold(seed), deadline)

    def is_tried(self, arm: Arm, method: Method, seed: int) -> bool:
        """Whether the journal holds this attempt already."""
        return self.journal.finished(self._key(arm, method, "try", seed)) is not None

    def is_proven(self, arm: Arm, method: Method, seed: int) -> bool:
        """Whether the journal holds this refit already."""
        return self.journal.finished(self.proof_key(arm, method, seed)) is not None

    def prove(self, arm: Arm, method: Method, seed: int, deadline: float | None) -> TrialResult:
        """Fit on every open label; the predictor is kept by the journal. A fit that was cut short raises BudgetSpent."""
        key = self.proof_key(arm, method, seed)
        return self.journal.finished(key) or self._fit(key, arm, method, self.target.whole(), deadline)

    def proof_key(self, arm: Arm, method: Method, seed: int) -> TrialKey:
        """Under which the journal keeps the predictor; one for all seeds where the seed changes nothing."""
        return self._key(arm, method, "prove", 0 if method.deterministic else seed)

    def fingerprint_of(self, source: Source) -> str:
        """A source's fingerprint, asked for once."""
        if source.name not in self._fingerprints:
            self._fingerprints[source.name] = source.card().fingerprint
        return self._fingerprints[source.name]

    def _key(self, arm: Arm, method: Method, phase: Phase, seed: int) -> TrialKey:
        spelled = f"{method.name}:" + ",".join(f"{k}={v}" for k, v in sorted(method.settings().items()))
        return TrialKey(
            arm.name, spelled, tuple(map(self.fingerprint_of, arm.sources)), self.target.fingerprint, phase, seed
        )

    def _fit(self, key: TrialKey, arm: Arm, method: Method, data: Target, deadline: float | None) -> TrialResult:
        run = Run(
            seed=key.seed,
            deadline=deadline,
            cache=self.cache,
            device=self.device,
            progress=lambda what, done, total: self.progress(f"{arm.name}: {what}", done, total),
        )
        start = time.monotonic()
        predictor: Predictor | None = None
        try:
            run.check_deadline()
            predictor = method.fit(arm.sources, data, run)
            if predictor.record.cut_short and key.phase == "prove":
                raise BudgetSpent(predictor.record.notes[-1])
            validation, validation_loss = _judged(predictor, data, run)
            result = TrialResult("done", 0.0, validation, validation_loss, plain(predictor.record))
        except BudgetSpent:
            raise
        except TransferkitError as reason:
            result = TrialResult("failed", 0.0, message=str(reason))
        result = replace(result, seconds=time.monotonic() - start)
        self.allowance.count()
        if result.status == "failed":
            return result  # tried again when the study goes on: the reason may have gone
        return self.journal.finish(key, result, predictor if key.phase == "prove" else None)


def plain(record: FitRecord) -> dict[str, Any]:
    """A fit record as JSON-able values."""
    return asdict(record) | {"settings": {k: _number(v) for k, v in record.settings.items()}}


def record_of(result: TrialResult) -> FitRecord:
    """The fit record a trial's plain values came from."""
    values = dict(result.record)
    curve = Curve(**{name: tuple(points) for name, points in values.pop("curve", {}).items()})
    return FitRecord(curve=curve, **{**values, "notes": tuple(values.get("notes", ()))})


def _judged(predictor: Predictor, data: Target, run: Run) -> tuple[float | None, float | None]:
    """Metric and log-loss on the fold's validation items; None where there are none."""
    labels = data.validation.labels
    if not labels:
        return None, None
    predictions = predictor.judge(data.validation, run)
    return predictor.task.metric.value(predictions, labels), _log_loss(predictor, predictions, labels)


def _log_loss(predictor: Predictor, predictions: Predictions, labels: tuple[Any, ...]) -> float | None:
    """Mean negative log-probability of the truth: tells arms apart that get equally many items right."""
    if predictions.scores is None:
        return None
    chances = predictions.scores[np.arange(len(labels)), predictor.task.strata(labels)]
    return float(-np.log(np.clip(chances, 1e-12, 1.0)).mean())


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
