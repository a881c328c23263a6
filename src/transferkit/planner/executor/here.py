"""In this process: one trial at a time, each with all of this machine's cores."""

from __future__ import annotations

from transferkit.core.run import Progress, silent
from transferkit.planner.executor.contract import Executor, Job, Outcome
from transferkit.planner.executor.worker import fit_trial


class Here(Executor):
    """Fits when it is asked for the outcome."""

    workers = 1

    def __init__(self) -> None:
        self._out: dict[int, tuple[Job, Progress]] = {}
        self._tickets = 0

    def submit(self, job: Job, progress: Progress = silent) -> int:
        self._tickets += 1
        self._out[self._tickets] = (job, progress)
        return self._tickets

    def next_outcome(self) -> tuple[int, Outcome]:
        ticket = next(iter(self._out))
        return ticket, fit_trial(*self._out.pop(ticket))

    def cancel(self) -> None:
        self._out.clear()
