"""The worker's side: fit one job and judge it. A pure function of the job - same job, same outcome, wherever it runs."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from transferkit.artifact import saved
from transferkit.core.errors import BudgetSpent, TransferkitError
from transferkit.core.predictor import FitRecord, Predictor
from transferkit.core.run import Progress, Run, silent
from transferkit.core.target import Target
from transferkit.evaluate.trial import TrialResult
from transferkit.planner.executor.contract import Job, Outcome
from transferkit.training.peak_memory import peak_memory

OUT_OF_MEMORY = "it needs more memory than there is; give a smaller batch_size, or leave this source out"


def fit_trial(job: Job, progress: Progress = silent) -> Outcome:
    """Fit on fold `seed` and judge on its validation items (phase try), or fit on every open label (phase prove).

    A refusal (TransferkitError) is a result with its reason, and so is a lack of memory: other arms may need less. A fit that
    did not end in time, and a refit that was cut short, has no result.
    """
    begun = time.monotonic()
    try:
        data = job.target.whole() if job.phase == "prove" else job.target.fold(job.seed)
        run = Run(
            seed=job.seed,
            deadline=None if job.seconds is None else begun + job.seconds,
            cache=job.cache,
            device=job.device,
            progress=lambda what, done, total: progress(f"{job.arm}: {what}", done, total),
        )
        run.check_deadline()
        with peak_memory(job.device) as peak:
            predictor = job.method.fit(job.sources, data, run)
        if predictor.record.cut_short and job.phase == "prove":
            return Outcome(None)
        result = replace(_judged(predictor, data, run), peak_bytes=peak.bytes)
        files = saved.files_of(predictor) if job.phase == "prove" else None
    except BudgetSpent:
        return Outcome(None)
    except TransferkitError as reason:
        result, files = TrialResult("failed", 0.0, message=str(reason)), None
    except (MemoryError, RuntimeError) as reason:
        if not _is_lack_of_memory(reason):
            raise
        result, files = TrialResult("failed", 0.0, message=OUT_OF_MEMORY), None
    return Outcome(replace(result, seconds=time.monotonic() - begun), files)


def _is_lack_of_memory(reason: Exception) -> bool:
    """Torch says it in words: an error of its own on a GPU, a plain one on the CPU."""
    said = str(reason).lower()
    return isinstance(reason, MemoryError) or "out of memory" in said or "can't allocate memory" in said


def plain(record: FitRecord) -> dict[str, Any]:
    """A fit record as JSON-able values."""
    return asdict(record) | {"settings": {k: _number(v) for k, v in record.settings.items()}}


def _judged(predictor: Predictor, data: Target, run: Run) -> TrialResult:
    """Metric and log-loss on the fold's validation items; neither where there are none."""
    record, labels = plain(predictor.record), data.validation.labels
    if not labels:
        return TrialResult("done", 0.0, record=record)
    predictions, metric = predictor.judge(data.validation, run), predictor.task.metric
    return TrialResult(
        "done",
        0.0,
        validation=metric.value(predictions, labels),
        validation_loss=predictor.task.log_loss(predictions, labels),
        record=record,
        per_item=metric.per_item(predictions, labels).tolist(),
    )


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
