"""The same study submitted twice is one study."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest
import torch

from transferkit.artifact import lease as lease_module
from transferkit.artifact.journal import Journal
from transferkit.artifact.saved import load
from transferkit.core.errors import WrongUse
from transferkit.evaluate.summary import MetricInfo, StudySummary
from transferkit.evaluate.trial import TrialKey, TrialResult
from transferkit.methods.baseline.majority import Blind
from transferkit.planner import submission as module
from transferkit.planner.study import Study
from transferkit.planner.submission import Submission, submission
from transferkit.tasks.classify import Classify

IDENTITY = {"target": "f00d", "seeds": [0, 1]}


def study(sentence: str, interrupted: bool = False) -> Study:
    accuracy = MetricInfo("accuracy", True, "points", 100.0)
    extra = {"interrupted": interrupted}
    summary = StudySummary(
        "undecided", sentence, "scratch", None, accuracy, {}, (), (), (), None, (), {}, "no limit", {}, extra=extra
    )
    return Study(summary, None if interrupted else Blind(Classify(("cat", "dog")), torch.tensor([[0.25, 0.75]]).log()))


def finish(journal: Journal, seed: int) -> None:
    journal.finish(TrialKey("arm", "full", (), "f00d", "try", seed), TrialResult("done", 1.0))


@pytest.fixture(params=["folder", "file url", "store"])
def out(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A place for a run, on this machine and elsewhere."""
    monkeypatch.setattr(lease_module, "SETTLE_SECONDS", 0.02)
    monkeypatch.setattr(module, "LOOK_FAR_SECONDS", 0.1)
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.05)
    folder = tmp_path / "runs" / "leaves"
    return {"folder": str(folder), "file url": folder.as_uri(), "store": f"memory://runs-{id(request)}"}[request.param]


@pytest.fixture
def first(out: str) -> Iterator[Callable[..., None]]:
    """Start the first submission in a thread of its own: it finishes one trial, and then what it is told to."""
    at_work, threads = threading.Event(), []

    def start(then: Callable[[Submission], None]) -> None:
        def work() -> None:
            with submission(out, IDENTITY) as run:
                assert isinstance(run, Submission)
                finish(run.journal, 0)
                at_work.set()
                then(run)

        threads.append(threading.Thread(target=work))
        threads[0].start()
        assert at_work.wait(30)

    yield start
    for thread in threads:
        thread.join()


def test_a_second_submission_follows_and_gives_the_same_study(out: str, first: Callable[..., None]) -> None:
    seen: list[tuple[str, int]] = []
    followed = threading.Event()

    def progress(what: str, done: int, total: int) -> None:
        seen.append((what, done))
        if done == 2:
            followed.set()

    def then(run: Submission) -> None:
        finish(run.journal, 1)
        assert followed.wait(30)
        run.keep(study("what the first found"))

    first(then)
    with submission(out, IDENTITY, progress) as joined:
        assert isinstance(joined, Study)
        assert joined.summary.sentence == "what the first found"
        assert joined.best.predict([0]).labels == ("dog",)
    assert {what for what, _ in seen} == {"joined: the same study is at work there, trials finished"}
    assert seen[-1][1] == 2


@pytest.mark.parametrize("interrupted", [True, False])
def test_a_second_submission_goes_on_where_the_first_ended_without_a_study(
    out: str, first: Callable[..., None], interrupted: bool
) -> None:
    def then(run: Submission) -> None:
        time.sleep(0.3)
        if interrupted:
            run.keep(study("as far as it came", interrupted=True))

    first(then)
    with submission(out, IDENTITY) as run:
        assert isinstance(run, Submission)
        assert [key.seed for key, _ in run.journal.trials()] == [0]
        finish(run.journal, 1)


def test_another_study_at_work_there_is_refused_and_told_apart(out: str, first: Callable[..., None]) -> None:
    refused = threading.Event()
    first(lambda _: refused.wait(30))
    try:
        with (
            pytest.raises(WrongUse, match=r"seeds is \[0, 1\] there, \[0, 1, 2\] here.*--out") as told,
            submission(out, IDENTITY | {"seeds": [0, 1, 2]}),
        ):
            pass
    finally:
        refused.set()
    assert "\n" not in str(told.value)


def test_a_study_that_ended_before_is_gone_on_with_and_not_read_back(out: str) -> None:
    for n in range(2):
        with submission(out, IDENTITY) as run:
            assert isinstance(run, Submission)
            assert len(run.journal.trials()) == n
            finish(run.journal, n)
            run.keep(study(f"time {n}"))


def test_what_is_kept_can_be_loaded_from_there(out: str) -> None:
    with submission(out, IDENTITY) as run:
        assert isinstance(run, Submission)
        run.keep(study("done"))
    assert load(out).predict([0]).labels == ("dog",)


def test_without_a_place_nothing_is_left() -> None:
    with submission(None, IDENTITY) as run:
        assert isinstance(run, Submission)
        directory = run.journal.directory
        finish(run.journal, 0)
        run.keep(study("done"))
        assert {path.name for path in directory.iterdir()} == {".lock", "journal.sqlite"}
    assert not directory.exists()


WORKER = """
import sys, time
from transferkit.evaluate.trial import TrialKey, TrialResult
from transferkit.planner.submission import submission
with submission(sys.argv[1], {"target": "f00d", "seeds": [0, 1]}) as run:
    for seed in range(100_000):
        run.journal.finish(TrialKey("arm", "full", (), "f00d", "prove", seed), TrialResult("done", 1.0), {
            "settings.json": b"{}", "tensors.safetensors": b"%d" % seed})
        print(seed, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is a POSIX signal")
@pytest.mark.parametrize("place", ["folder", "mirrored"])
def test_a_follower_takes_over_from_one_that_was_killed_and_nothing_is_lost(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`local://` goes through the working copy and the lease as an object store does, and two processes can see it."""
    monkeypatch.setattr(module, "LOOK_FAR_SECONDS", 0.2)
    where = tmp_path / "run"
    out = str(where) if place == "folder" else f"local://{where}"
    worker = subprocess.Popen([sys.executable, "-c", WORKER, out], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    for _ in range(3):
        worker.stdout.readline()

    def kill() -> None:
        worker.kill()
        worker.wait()

    killer = threading.Timer(0.5, kill)
    killer.start()
    with submission(out, IDENTITY) as run:
        assert isinstance(run, Submission)
        killer.join()
        told = [*worker.stdout.read().split()]
        seeds = [key.seed for key, _ in run.journal.trials()]
        assert seeds == list(range(len(seeds)))
        assert len(seeds) >= (int(told[-1]) + 1 if told else 3)
        for key, _ in run.journal.trials():
            folder = run.journal.directory / "trials" / key.digest
            assert (folder / "tensors.safetensors").read_bytes() == b"%d" % key.seed
    worker.stdout.close()


def test_the_lease_is_gone_when_the_run_is_closed() -> None:
    with submission("memory://runs-closed", IDENTITY):
        assert fsspec.filesystem("memory").exists("/runs-closed/lease.json")
    assert [name.rpartition("/")[2] for name in fsspec.filesystem("memory").find("/runs-closed")] == []
