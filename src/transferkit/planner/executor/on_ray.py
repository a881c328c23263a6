"""On Ray (https://www.ray.io, Moritz et al. 2018): one trial a core, or a GPU, on this machine or on a cluster.

A worker that is lost - killed, out of memory, its machine gone - costs its trial a second beginning and the study a line. Each
worker computes with one thread, so that they do not take each other's cores.
"""

from __future__ import annotations

import itertools
import os
import time
from dataclasses import dataclass, fields, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from transferkit.core.errors import Failed, TransferkitError, WrongUse
from transferkit.core.remote import first_line
from transferkit.core.run import Progress, silent
from transferkit.core.target import Target
from transferkit.evaluate.trial import TrialResult
from transferkit.planner.executor.contract import Executor, Job, Outcome
from transferkit.planner.executor.parcel import packed
from transferkit.planner.executor.ray_connection import connect, imported, quiet
from transferkit.planner.executor.worker import fit_trial

RETRIES = 3
"""How often a trial is begun again after its worker was lost."""
GRACE = 1.0
"""Seconds that a trial may end late before it is stopped from outside."""
START_SECONDS = 60.0
"""Until when the first worker must have started."""


@dataclass(frozen=True, eq=False)
class _Out:
    """A job on its way."""

    job: Job
    reference: Any
    until: float
    """`time.monotonic()` at which it is stopped."""
    losses: int = 0


class OnRay(Executor):
    """Runs jobs as Ray tasks; the Ray it started ends when it is closed."""

    def __init__(self, address: str | None = None, device: str = "cpu", workers: int | None = None) -> None:
        """`address`: ray://host:port; None: a Ray of this machine's cores. `workers`: fewer than there are."""
        self._ray = imported()
        self._address = address
        self._out: dict[int, _Out] = {}
        self._tickets = itertools.count(1)
        self._targets: dict[int, tuple[Target, Any]] = {}
        """Of each target that was sent: itself, so that its id stays its own, and where it lies."""
        self._is_ours = not self._ray.is_initialized()
        with quiet():
            if self._is_ours:
                connect(self._ray, address, workers)
            try:
                self._begin(device, workers)
            except BaseException:
                self.close()
                raise

    def submit(self, job: Job, progress: Progress = silent) -> int:
        ticket = next(self._tickets)
        self._out[ticket] = self._sent(job)
        progress(f"trials on {self.workers} workers", len(self._out), self.workers)
        return ticket

    def next_outcome(self) -> tuple[int, Outcome]:
        while True:
            by_reference = {out.reference: ticket for ticket, out in self._out.items()}
            wait = min(1.0, max(0.0, min(out.until for out in self._out.values()) - time.monotonic()))
            ended, _ = self._asked(self._ray.wait, list(by_reference), num_returns=1, timeout=wait)
            for ticket in (by_reference[reference] for reference in ended):
                outcome = self._outcome(ticket)
                if outcome is not None:
                    del self._out[ticket]
                    return ticket, outcome
            for ticket, out in self._out.items():
                if time.monotonic() >= out.until and out.reference not in ended:
                    self._stop(self._out.pop(ticket))
                    return ticket, Outcome(None)

    def cancel(self) -> None:
        while self._out:
            self._stop(self._out.popitem()[1])

    def close(self) -> None:
        self._targets.clear()
        if self._is_ours and self._ray.is_initialized():
            self._ray.shutdown(wait_for_processes=True)

    def _begin(self, device: str, workers: int | None) -> None:
        """Count the workers, start the first ones and hear whether they can do the work."""
        kind = "GPU" if device.startswith("cuda") else "CPU"
        found = int(self._asked(self._ray.cluster_resources).get(kind, 0))
        if found < 1:
            raise WrongUse(f"{self._where} has no {kind}; name another --device, or another place with --on")
        self.workers = min(found, workers or found)
        remote = partial(self._ray.remote, num_cpus=1, num_gpus=int(kind == "GPU"), max_retries=0)
        self._device = "cuda" if kind == "GPU" else device  # a worker sees one GPU, its own
        self._fit = remote()(_fit)
        greeted = [remote()(_greet).remote() for _ in range(self.workers)]
        first, _ = self._asked(self._ray.wait, greeted, num_returns=self.workers, timeout=START_SECONDS)
        if not first:
            raise Failed(f"no worker of {self._where} was free within {START_SECONDS:.0f} s; see what it is busy with")
        try:
            there = self._asked(self._ray.get, first[0])
        except (ImportError, AttributeError) as reason:
            raise WrongUse(f"the workers of {self._where} lack transferkit; install it there ({reason})") from None
        if there != (here := version("transferkit")):
            raise WrongUse(f"the workers of {self._where} have transferkit {there}, this is {here}; install the same")

    @property
    def _where(self) -> str:
        return f"the Ray at {self._address}" if self._address else "the Ray of this machine"

    def _sent(self, job: Job, losses: int = 0) -> _Out:
        if id(job.target) not in self._targets:
            self._targets[id(job.target)] = (job.target, self._asked(self._ray.put, packed(job.target)))
        rest = {field.name: getattr(job, field.name) for field in fields(job) if field.name != "target"}
        # in a list it stays a reference: the worker fetches the target once, not for every trial
        target = [self._targets[id(job.target)][1]]
        reference = self._asked(self._fit.remote, rest | {"device": self._device}, target, str(Path.cwd()))
        until = float("inf") if job.seconds is None else time.monotonic() + job.seconds + GRACE
        return _Out(job, reference, until, losses)

    def _outcome(self, ticket: int) -> Outcome | None:
        """What came of a job that has ended; None where it was begun again."""
        out, errors = self._out[ticket], self._ray.exceptions
        try:
            outcome: Outcome = self._ray.get(out.reference)
        except (errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError, errors.ObjectLostError):
            return self._lost(ticket, out)
        except ConnectionError as reason:
            raise self._gone(reason) from reason
        if not out.losses:
            return outcome
        return replace(outcome, notes=(*outcome.notes, _lost_note(out.job, out.losses)))

    def _lost(self, ticket: int, out: _Out) -> Outcome | None:
        """Begin again, with the time that is left; after too many losses it is a failure."""
        losses, left = out.losses + 1, out.until - GRACE - time.monotonic()
        if losses > RETRIES:
            message = f"its worker was lost {losses} times; it may need more memory than a worker has"
            return Outcome(TrialResult("failed", 0.0, message=message), notes=(_lost_note(out.job, losses),))
        if left <= 0:
            return Outcome(None, notes=(_lost_note(out.job, losses),))
        seconds = None if out.job.seconds is None else left
        self._out[ticket] = self._sent(replace(out.job, seconds=seconds), losses)
        return None

    def _stop(self, out: _Out) -> None:
        self._asked(self._ray.cancel, out.reference, force=True)

    def _asked(self, call: Any, *arguments: Any, **named: Any) -> Any:
        """What Ray answers; a Ray that has gone is one line."""
        try:
            return call(*arguments, **named)
        except (ConnectionError, self._ray.exceptions.RaySystemError) as reason:
            raise self._gone(reason) from reason

    def _gone(self, reason: Exception) -> TransferkitError:
        return Failed(f"{self._where} does not answer any more ({first_line(reason)}); what had finished is kept")


def _fit(rest: dict[str, Any], target: list[Any], folder: str) -> Outcome:
    """In the worker: fetch the target, unless it is the last one's, and fit."""
    _work_in(folder)
    return fit_trial(Job(target=_fetched(target[0]), **rest))


_last: dict[Any, Target] = {}
"""In a worker: the target of its last trial, by reference."""


def _fetched(reference: Any) -> Target:
    import ray

    if reference not in _last:
        _last.clear()
        _last[reference] = ray.get(reference)
    return _last[reference]


def _greet() -> str:
    """In the worker: load what every trial needs, and say which transferkit this is."""
    _work_in(".")
    return version("transferkit")


def _work_in(folder: str) -> None:
    """One thread, and the folder that relative paths start from."""
    import torch

    torch.set_num_threads(1)
    if Path(folder).is_dir():
        os.chdir(folder)


def _lost_note(job: Job, losses: int) -> str:
    times = "once" if losses == 1 else f"{losses} times"
    return f"a worker was lost {times} while it fitted {job.arm} (seed {job.seed}); the trial was begun again"
