"""The journal keeps what finished, whatever happens to the process."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from transferkit.artifact import saved
from transferkit.artifact.journal import JOURNAL, TRIALS, Journal, glimpse
from transferkit.core.errors import Failed, WrongUse
from transferkit.evaluate.trial import TrialKey, TrialResult
from transferkit.methods.baseline.majority import Blind
from transferkit.tasks.classify import Classify

IDENTITY = {"target": "f00d", "seeds": [0, 1], "task": "classify"}


def key(seed: int = 0) -> TrialKey:
    return TrialKey("full < zoo:digits-cnn", "full:epochs=5", ("beef",), "f00d", "try", seed)


def predictor() -> Blind:
    return Blind(Classify(("cat", "dog")), torch.tensor([[0.25, 0.75]]).log())


def test_a_finished_trial_is_there_after_reopening(tmp_path: Path) -> None:
    result = TrialResult("done", 1.5, validation=0.1 + 0.2, record={"best_epoch": 3, "curve": (1.0, float("inf"))})
    with Journal.open(tmp_path / "run", IDENTITY) as journal:
        assert journal.finished(key()) is None
        returned = journal.finish(key(), result, predictor())
    with Journal.open(tmp_path / "run", IDENTITY) as journal:
        again = journal.finished(key())
        assert again == returned
        assert again is not None
        assert again.validation == result.validation
        assert again.record == {"best_epoch": 3, "curve": [1.0, float("inf")]}
        assert journal.predictor(key()).predict([None]).labels == ("dog",)
        assert journal.trials() == ((key(), returned),)
        assert journal.finished(key(seed=1)) is None


def test_a_trial_finishes_only_once(tmp_path: Path) -> None:
    with Journal.open(tmp_path, IDENTITY) as journal:
        journal.finish(key(), TrialResult("done", 1.0))
        with pytest.raises(Failed, match="trials run once"):
            journal.finish(key(), TrialResult("done", 2.0))


def test_the_time_spent_is_that_of_the_wall_and_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("transferkit.artifact.journal.time.monotonic", lambda: now[0])
    with Journal.open(tmp_path, IDENTITY) as journal:
        assert journal.spent_seconds == 0
        now[0] += 10  # two trials side by side, eight seconds each
        journal.finish(key(0), TrialResult("done", 8.0))
        journal.finish(key(1), TrialResult("done", 8.0))
        assert journal.spent_seconds == 10
        now[0] += 3
        journal.spend()  # a trial that failed
        now[0] += 50  # lost by a kill
    now[0] += 1000
    with Journal.open(tmp_path, IDENTITY) as journal:
        assert journal.spent_seconds == 13
        now[0] += 2
        journal.finish(key(2), TrialResult("done", 1.0))
        assert journal.spent_seconds == 15


def test_a_journal_from_before_there_was_a_clock_has_spent_what_its_trials_took(tmp_path: Path) -> None:
    with Journal.open(tmp_path, IDENTITY) as journal:
        journal.finish(key(0), TrialResult("done", 1.25))
        journal.finish(key(1), TrialResult("done", 0.5))
    with sqlite3.connect(tmp_path / JOURNAL) as connection:
        connection.execute("DROP TABLE clock")
    connection.close()
    with Journal.open(tmp_path, IDENTITY) as journal:
        assert journal.spent_seconds == 1.75
        journal.finish(key(2), TrialResult("done", 100.0))
        assert 1.75 < journal.spent_seconds < 20


def test_a_result_from_before_there_were_values_for_each_item_is_read(tmp_path: Path) -> None:
    with Journal.open(tmp_path, IDENTITY) as journal:
        journal.finish(key(), TrialResult("done", 1.0, validation=0.5, per_item=[0.0, 1.0]))
    with sqlite3.connect(tmp_path / JOURNAL) as connection:
        connection.execute("UPDATE trials SET result = json_remove(result, '$.per_item')")
    connection.close()
    with Journal.open(tmp_path, IDENTITY) as journal:
        assert journal.finished(key()) == TrialResult("done", 1.0, validation=0.5)


def test_whoever_wants_to_know_of_changes_hears_of_each_when_it_is_on_disk(tmp_path: Path) -> None:
    seen: list[int] = []
    with Journal.open(tmp_path, IDENTITY, lambda: seen.append(_n_trials(tmp_path))) as journal:
        journal.finish(key(0), TrialResult("done", 1.0), predictor())
        journal.note("choice", 1)
        journal.finish(key(1), TrialResult("done", 1.0))
    assert seen == [1, 1, 2]


def _n_trials(directory: Path) -> int:
    found = glimpse(directory)
    assert found is not None
    return found.trials


def test_a_run_at_work_can_be_looked_into(tmp_path: Path) -> None:
    assert glimpse(tmp_path) is None
    with Journal.open(tmp_path, IDENTITY) as journal:
        journal.finish(key(), TrialResult("done", 1.0))
        assert _n_trials(tmp_path) == 1
    (tmp_path / JOURNAL).write_bytes(b"torn")
    assert glimpse(tmp_path) is None


def test_a_predictor_may_come_as_the_bytes_of_its_files(tmp_path: Path) -> None:
    with Journal.open(tmp_path, IDENTITY) as journal:
        journal.finish(key(), TrialResult("done", 1.0), saved.files_of(predictor()))
        assert journal.predictor(key()).predict([None]).labels == ("dog",)


def test_a_choice_once_noted_stands(tmp_path: Path) -> None:
    with Journal.open(tmp_path, IDENTITY) as journal:
        assert journal.get("choice") is None
        assert journal.note("choice", {"arm": "full", "margin": np.float32(0.5)}) == {"arm": "full", "margin": 0.5}
    with Journal.open(tmp_path, IDENTITY) as journal:
        assert journal.note("choice", {"arm": "scratch"}) == {"arm": "full", "margin": 0.5}


def test_numpy_numbers_in_a_result_are_kept_as_plain_ones(tmp_path: Path) -> None:
    with Journal.open(tmp_path, IDENTITY) as journal:
        kept = journal.finish(key(), TrialResult("done", 1.0, validation=np.float32(0.5), record={"n": np.int64(3)}))
        assert kept.validation == 0.5
        assert type(kept.record["n"]) is int


def test_a_run_of_which_nothing_is_finished_gives_way_to_another(tmp_path: Path) -> None:
    with Journal.open(tmp_path, IDENTITY) as journal:
        journal.note("sources", ["zoo:misspelled"])
        journal.spend()
    other = IDENTITY | {"seeds": [0, 1, 2]}
    with Journal.open(tmp_path, other) as journal:
        assert journal.get("sources") is None
        assert journal.spent_seconds == 0
        journal.finish(key(), TrialResult("done", 1.0))
    with pytest.raises(WrongUse, match="holds another run"):
        Journal.open(tmp_path, IDENTITY)
    Journal.open(tmp_path, other).close()


def test_another_run_in_the_folder_is_refused_in_one_line_that_tells_the_difference(tmp_path: Path) -> None:
    with Journal.open(tmp_path, IDENTITY) as journal:
        journal.finish(key(), TrialResult("done", 1.0))
    with pytest.raises(WrongUse) as refused:
        Journal.open(tmp_path, IDENTITY | {"seeds": [0, 1, 2]})
    assert "seeds is [0, 1] there, [0, 1, 2] here" in str(refused.value)
    assert "--out" in str(refused.value)
    assert "\n" not in str(refused.value)
    Journal.open(tmp_path, IDENTITY).close()  # the refusal gave the lock back


def test_a_folder_with_foreign_files_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "cat.jpg").write_bytes(b"")
    with pytest.raises(WrongUse, match=r"holds no run but other files \(cat\.jpg\)"):
        Journal.open(tmp_path, IDENTITY)
    assert [p.name for p in tmp_path.iterdir()] == ["cat.jpg"]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(WrongUse, match="is a file"):
        Journal.open(tmp_path / "run", IDENTITY)
    with pytest.raises(WrongUse, match="cannot be written"):
        Journal.open(tmp_path / "run" / "deeper", IDENTITY)


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    foreign = sqlite3.connect(tmp_path / JOURNAL)
    foreign.execute("CREATE TABLE songs (name)")
    foreign.close()
    with pytest.raises(WrongUse, match="another program"):
        Journal.open(tmp_path, IDENTITY)


@pytest.mark.parametrize("garbage", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_damaged_journal_gives_one_line(tmp_path: Path, garbage: bytes) -> None:
    (tmp_path / JOURNAL).write_bytes(garbage)
    with pytest.raises(Failed, match="damaged") as failed:
        Journal.open(tmp_path, IDENTITY)
    assert "\n" not in str(failed.value)


def test_a_full_disk_gives_one_line_and_keeps_what_finished(tmp_path: Path) -> None:
    with Journal.open(tmp_path, IDENTITY) as journal:
        journal.finish(key(0), TrialResult("done", 1.0))
        pages = journal._connection.execute("PRAGMA page_count").fetchone()[0]
        journal._connection.execute(f"PRAGMA max_page_count = {pages}")  # SQLite's own way to run out of room
        with pytest.raises(Failed, match="disk is full") as failed:
            journal.finish(key(1), TrialResult("done", 1.0, record={"long": "x" * 50_000}), predictor())
        assert "\n" not in str(failed.value)
        assert journal.finished(key(0)) is not None
        assert journal.finished(key(1)) is None
        assert list((tmp_path / TRIALS).iterdir()) == []


def test_files_of_an_unfinished_trial_are_removed_and_finished_ones_stay(tmp_path: Path) -> None:
    with Journal.open(tmp_path, IDENTITY) as journal:
        journal.finish(key(0), TrialResult("done", 1.0), predictor())
    renamed_but_not_committed = tmp_path / TRIALS / key(1).digest
    half_written = tmp_path / TRIALS / ".partial-0123456789ab"
    for folder in (renamed_but_not_committed, half_written):
        folder.mkdir()
        (folder / saved.TENSORS).write_bytes(b"half")
    (tmp_path / ".partial-report").write_bytes(b"half")
    with Journal.open(tmp_path, IDENTITY) as journal:
        assert sorted(p.name for p in (tmp_path / TRIALS).iterdir()) == [key(0).digest]
        assert not (tmp_path / ".partial-report").exists()
        journal.finish(key(1), TrialResult("done", 1.0), predictor())
        assert journal.predictor(key(1)).predict([None]).labels == ("dog",)


def test_a_trial_without_predictor_says_so(tmp_path: Path) -> None:
    with Journal.open(tmp_path, IDENTITY) as journal:
        journal.finish(key(), TrialResult("done", 1.0))
        with pytest.raises(Failed, match="without a predictor"):
            journal.predictor(key())


def test_a_second_opening_is_refused_and_names_the_process(tmp_path: Path) -> None:
    with Journal.open(tmp_path, IDENTITY), pytest.raises(WrongUse, match=f"process {os.getpid()} is at work"):
        Journal.open(tmp_path, IDENTITY)
    Journal.open(tmp_path, IDENTITY).close()


WORKER = """
import sys, time
import torch
from transferkit.artifact.journal import Journal
from transferkit.evaluate.trial import TrialKey, TrialResult
from transferkit.methods.baseline.majority import Blind
from transferkit.tasks.classify import Classify

directory, last = sys.argv[1], int(sys.argv[2])
with Journal.open(directory, {"study": 1}) as journal:
    print("open", flush=True)
    for seed in range(last):
        key = TrialKey("arm", "full", (), "t", "try", seed)
        if journal.finished(key) is None:
            journal.finish(key, TrialResult("done", 1.0, validation=seed / 7),
                           Blind(Classify(("a", "b")), torch.tensor([[0.1, 0.9]]).log()))
            print(f"kept {seed}", flush=True)
    print("end", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is a POSIX signal")
def test_killed_at_random_moments_loses_no_finished_trial_and_repeats_none(tmp_path: Path) -> None:
    draw = random.Random(0)
    kept: list[str] = []
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    for attempt in range(6):
        wanted = 100_000 if attempt < 5 else max((int(line.split()[1]) for line in kept), default=0) + 3
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(tmp_path), str(wanted)],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        assert worker.stdout is not None
        assert worker.stdout.readline() == "open\n"
        if attempt < 5:
            with pytest.raises(WrongUse, match=f"process {worker.pid} is at work"):
                Journal.open(tmp_path, {"study": 1})
            time.sleep(draw.uniform(0.01, 0.15))
            worker.send_signal(signal.SIGKILL)
        output = worker.stdout.read().splitlines()
        worker.wait()
        worker.stdout.close()
        kept += [line for line in output if line.startswith("kept")]
    assert output[-1] == "end"
    assert len(kept) == len(set(kept)), "a finished trial was repeated"
    with Journal.open(tmp_path, {"study": 1}) as journal:
        trials = journal.trials()
        assert [k.seed for k, _ in trials] == list(range(wanted))
        assert {f"kept {k.seed}" for k, _ in trials} >= set(kept)
        assert all(result.validation == k.seed / 7 for k, result in trials)
        assert all(journal.predictor(k).predict([0]).labels == ("b",) for k, _ in trials[::5])
        assert {p.name for p in (tmp_path / TRIALS).iterdir()} == {k.digest for k, _ in trials}


FORKING = """
import os, sys
from transferkit.artifact.journal import Journal

journal = Journal.open(sys.argv[1], {"study": 1})
ready, tell = os.pipe()
wait, release = os.pipe()
if os.fork() == 0:
    os.close(release)
    os.write(tell, b"r")
    os.read(wait, 1)  # lives until the parent has opened again
    os._exit(0)
os.read(ready, 1)
journal.close()
Journal.open(sys.argv[1], {"study": 1}).close()
os.close(release)
os.wait()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_worker_does_not_keep_the_lock(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", FORKING, str(tmp_path)], check=True, timeout=60)
