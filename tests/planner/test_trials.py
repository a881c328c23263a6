"""Trials ask for the next fit only when there is room for it, and fit each one once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from transferkit.artifact.journal import Journal
from transferkit.core.budget import Budget
from transferkit.core.errors import BudgetSpent, Failed
from transferkit.core.run import NoCache, Progress, Run, silent
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.evaluate.trial import TrialResult
from transferkit.methods.baseline.majority import Majority
from transferkit.methods.baseline.scratch import Scratch
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.planner.allowance import Allowance
from transferkit.planner.arms import Arm
from transferkit.planner.executor.contract import Executor, Job, Outcome
from transferkit.planner.executor.worker import fit_trial
from transferkit.planner.trials import Fit, Trials

SOURCE = Source("zoo:digits-cnn")
SCRATCH = Arm("scratch", Scratch(epochs=1), (SOURCE,))
MAJORITY = Arm("majority", Majority(), ())


class Pretend(Executor):
    """Runs nothing; its jobs end in the order they are told to."""

    def __init__(self, workers: int, last_first: bool = False) -> None:
        self.workers, self.last_first = workers, last_first
        self.out: dict[int, Job] = {}
        self.begun: list[Job] = []
        self.given_up: list[Job] = []
        self.most = 0

    def submit(self, job: Job, progress: Progress = silent) -> int:
        self.begun.append(job)
        self.out[len(self.begun)] = job
        self.most = max(self.most, len(self.out))
        return len(self.begun)

    def next_outcome(self) -> tuple[int, Outcome]:
        ticket = (max if self.last_first else min)(self.out)
        job = self.out.pop(ticket)
        if job.seconds is not None and job.seconds <= 0:
            return ticket, Outcome(None)
        return ticket, Outcome(TrialResult("done", 1.0, validation=float(job.seed)), notes=("lost one",))

    def cancel(self) -> None:
        self.given_up += self.out.values()
        self.out.clear()


@pytest.fixture
def make(tiny_target: Target, tmp_path: Path) -> Iterator:
    with Journal.open(tmp_path / "run", {"study": 1}) as journal:

        def trials(executor: Executor | None = None, **more: object) -> Trials:
            made = Trials(tiny_target, journal, Allowance(Budget()), **({"cache": NoCache()} | more))
            made.executor = executor or made.executor
            return made

        yield trials


def fits(*seeds: int, arm: Arm = SCRATCH, phase: str = "try", seconds: float | None = None) -> list[Fit]:
    return [Fit(arm, arm.method, phase, seed, seconds) for seed in seeds]


def test_in_this_process_fits_run_in_order_and_the_next_is_asked_for_after_the_last_result(make) -> None:
    told = []

    def wanted() -> Iterator[Fit]:
        for fit in fits(2, 0, 1, arm=MAJORITY):
            told.append(f"asked {fit.seed}")
            yield fit

    for fit, result in make().run(wanted()):
        assert result.status == "done"
        told.append(f"got {fit.seed}")
    assert told == ["asked 2", "got 2", "asked 0", "got 0", "asked 1", "got 1"]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_there_are_never_more_under_way_than_workers_and_all_come_back(make, workers: int) -> None:
    executor = Pretend(workers, last_first=True)
    results = dict(make(executor).run(iter(fits(*range(7)))))
    assert executor.most == workers
    assert {fit.seed: result.validation for fit, result in results.items()} == {seed: seed for seed in range(7)}


def test_what_is_finished_is_answered_without_running_and_without_a_budget(make) -> None:
    list(make(Pretend(1)).run(fits(0, 1)))
    executor, trials = Pretend(2), make()
    trials.executor = executor
    assert [result.validation for _, result in trials.run(fits(0, 1, 2))] == [0, 1, 2]
    assert [job.seed for job in executor.begun] == [2]
    assert trials.allowance.used_trials == 1


def test_one_refit_answers_every_seed_of_a_method_without_chance(make) -> None:
    executor = Pretend(3)
    results = list(make(executor).run(fits(0, 1, 2, arm=MAJORITY, phase="prove")))
    assert [fit.seed for fit, _ in results] == [0, 1, 2]
    assert len(executor.begun) == 1


def test_a_generator_may_wait_for_a_result_before_it_goes_on(make) -> None:
    executor, done = Pretend(3), []

    def wanted() -> Iterator[Fit | None]:
        yield from fits(0, 1)
        while len(done) < 2:
            yield None
        yield from fits(2)

    for fit, _ in make(executor).run(wanted()):
        done.append(fit.seed)
    assert done == [0, 1, 2]
    assert executor.most == 2


def test_waiting_for_nothing_is_a_mistake(make) -> None:
    with pytest.raises(ValueError, match="nothing is under way"):
        list(make(Pretend(2)).run([None]))


def test_whoever_stops_asking_gives_up_what_is_under_way(make) -> None:
    executor = Pretend(3)
    results = make(executor).run(fits(0, 1, 2, 3))
    next(results)
    results.close()
    assert [job.seed for job in executor.given_up] == [1, 2]


def test_what_does_not_end_in_time_is_none_and_can_be_fitted_later(make) -> None:
    trials = make(Pretend(1))
    assert list(trials.run(fits(0, seconds=0.0))) == [(fits(0, seconds=0.0)[0], None)]
    with pytest.raises(BudgetSpent, match="--budget"):
        trials.attempt(SCRATCH, SCRATCH.method, 0, deadline=0.0)
    assert trials.attempt(SCRATCH, SCRATCH.method, 0, None).status == "done"


def test_a_failure_is_a_result_and_is_tried_again(make, monkeypatch: pytest.MonkeyPatch) -> None:
    fit = Majority.fit

    def fails(*_: object) -> None:
        raise Failed("the disk melted")

    monkeypatch.setattr(Majority, "fit", fails)
    trials = make()
    assert [(result.status, result.message) for _, result in trials.run(fits(0, arm=MAJORITY))] == [
        ("failed", "the disk melted")
    ]
    monkeypatch.setattr(Majority, "fit", fit)
    assert [result.status for _, result in trials.run(fits(0, arm=MAJORITY))] == ["done"]


def test_the_time_of_what_is_not_kept_is_spent_all_the_same(make, monkeypatch: pytest.MonkeyPatch) -> None:
    trials = make(Pretend(1))
    now = trials.journal._opened
    monkeypatch.setattr("transferkit.artifact.journal.time.monotonic", lambda: now + 7)
    list(trials.run(fits(0, seconds=0.0)))
    assert trials.journal.spent_seconds == 7


def test_what_happened_on_the_way_is_noted_once(make) -> None:
    trials = make(Pretend(1))
    list(trials.run(fits(0, 1, 2)))
    assert trials.notes == ["lost one"]


def test_validation_is_the_mean_over_the_items_of_the_fold_in_its_order(make, tiny_target: Target) -> None:
    """The oracle: the same fit by hand."""
    result = make().attempt(SCRATCH, SCRATCH.method, 1, None)
    fold = tiny_target.fold(1)
    predictor = SCRATCH.method.fit((SOURCE,), fold, Run(seed=1))
    right = [
        a == b for a, b in zip(predictor.predict(fold.validation.items).labels, fold.validation.labels, strict=True)
    ]
    assert result.per_item == right
    assert result.validation == pytest.approx(np.mean(right))


def test_the_predictor_of_a_refit_is_kept(make, tiny_target: Target) -> None:
    trials = make()
    trials.prove(SCRATCH, SCRATCH.method, 3, None)
    kept = trials.journal.predictor(trials.proof_key(SCRATCH, SCRATCH.method, 3))
    by_hand = SCRATCH.method.fit((SOURCE,), tiny_target.whole(), Run(seed=3))
    items = tiny_target.train.items
    np.testing.assert_array_equal(kept.predict(items).scores, by_hand.predict(items).scores)


def test_a_cache_directory_removed_on_the_way_changes_nothing(make, tmp_path: Path) -> None:
    arm, directory = Arm("probe", LinearProbe(solver="logistic"), (SOURCE,)), tmp_path / "features"
    found = []
    for _, result in make(cache=FeatureCache(directory)).run(fits(0, 1, 2, arm=arm)):
        found.append(result.per_item)
        shutil.rmtree(directory)
    assert found == [fit_trial(make()._job(fit, make().key(fit))).result.per_item for fit in fits(0, 1, 2, arm=arm)]
