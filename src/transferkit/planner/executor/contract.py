"""What a trial needs to run anywhere, what comes back of it, and who runs it.

A job travels as plain settings: sources by name, the target's items as they were read (paths, or pictures in memory). What
comes back is a result and, for a refit, the bytes of the predictor's files: the process that keeps the journal writes them,
so that a worker needs no disk in common with it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from transferkit.core.method import Method
from transferkit.core.run import Cache, Progress, silent
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.evaluate.trial import Phase, TrialResult


@dataclass(frozen=True, eq=False)
class Job:
    """One trial, with all that fitting it takes."""

    arm: str
    """What progress is reported for."""
    method: Method
    sources: tuple[Source, ...]
    target: Target
    """The whole of it; which labels are learned from follows from phase and seed."""
    phase: Phase
    seed: int
    cache: Cache
    device: str = "cpu"
    seconds: float | None = None
    """What it may take from the moment it starts; None: no limit."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of a job."""

    result: TrialResult | None
    """None: it did not end in time."""
    predictor: Mapping[str, bytes] | None = None
    """File name -> content of the saved predictor, of a refit that is done."""
    notes: tuple[str, ...] = ()
    """Lines a person should read: "a worker was lost, the trial was begun again"."""


class Executor(ABC):
    """Takes jobs and gives their outcomes back. Use as a context manager, or `close` it."""

    workers: int
    """Jobs that may run at the same time."""

    @abstractmethod
    def submit(self, job: Job, progress: Progress = silent) -> int:
        """Take one job; gives its ticket. At most `workers` are out at the same time."""

    @abstractmethod
    def next_outcome(self) -> tuple[int, Outcome]:
        """Wait until one of the jobs that are out has ended; its ticket and outcome.

        What the job raised, beside the errors that are a trial's result, is raised here.
        """

    def cancel(self) -> None:  # noqa: B027 - nothing is under way in this process between two calls
        """Give up the jobs that are out; their tickets are void."""

    def close(self) -> None:  # noqa: B027 - most hold nothing
        """Let workers go."""

    def __enter__(self) -> Executor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
