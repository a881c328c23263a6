import dataclasses
import json
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

import transferkit as tk
from transferkit.artifact.report_json import read_summary
from transferkit.core.errors import BudgetSpent, Failed, WrongUse
from transferkit.core.method import Method
from transferkit.core.predictor import Predictor
from transferkit.core.run import NoCache, Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.evaluate.gain import paired_gain
from transferkit.methods.baseline.scratch import Scratch
from transferkit.methods.finetune.full import Full
from transferkit.methods.frozen.linear_probe import LinearProbe
from transferkit.planner.costs import Costs
from transferkit.planner.study import Study

SHORT = ["scratch:epochs=2,learning_rate=0.001", "full:epochs=2,learning_rate=0.001", "linear_probe:solver=logistic"]


def study(target: Target, out: Path | None = None, **more: object) -> Study:
    arguments = {"methods": SHORT, "seeds": 2, "cache": NoCache(), "out": out, "label_curve": False} | more
    return tk.compare(["zoo:digits-cnn"], target, **arguments)


@pytest.fixture(scope="module")
def finished(tiny_target: Target, tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Path]:
    out = tmp_path_factory.mktemp("runs") / "bars"
    return study(tiny_target, out), out


def test_every_arm_has_its_evidence_against_scratch(finished: tuple[Study, Path]) -> None:
    summary = finished[0].summary
    assert {arm.name for arm in summary.arms} == {
        "scratch",
        "majority",
        "full < zoo:digits-cnn",
        "linear_probe < zoo:digits-cnn",
    }
    for arm in summary.arms:
        if arm.baseline:
            assert arm.gain is not None
            assert arm.gain.n_seeds == 2
            assert arm.gain.n_items == 30
            assert arm.verdict in ("helps", "hurts", "no_difference", "undecided")
        assert arm.status != "failed", arm.notes


def test_the_gain_is_that_of_the_saved_predictors_on_the_test_items(
    finished: tuple[Study, Path], tiny_target: Target
) -> None:
    """The oracle: fit by hand what the summary says was proven, and compare item by item."""
    summary = finished[0].summary
    chosen = next(arm for arm in summary.arms if arm.status == "chosen")
    scratch = next(arm for arm in summary.arms if arm.name == "scratch")
    test = tiny_target.test.open("this check")
    tables = []
    for arm in (chosen, scratch):
        method = tk_method(arm.method)
        sources = tuple(map(Source, arm.sources))
        rows = [method.fit(sources, tiny_target.whole(), Run(seed=s)).predict(test.items).labels for s in (0, 1)]
        tables.append(np.array([[a == b for a, b in zip(row, test.labels, strict=True)] for row in rows], float))
    expected = paired_gain(*tables, level=chosen.gain.level)
    assert chosen.gain.level == pytest.approx(0.975)  # two claims share one error
    assert chosen.gain is not None
    assert chosen.gain.mean == pytest.approx(expected.mean)
    assert (chosen.gain.low, chosen.gain.high) == pytest.approx((expected.low, expected.high))


def test_scratch_is_returned_where_nothing_helped(finished: tuple[Study, Path]) -> None:
    result = finished[0]
    chosen = next(arm for arm in result.summary.arms if arm.status == "chosen")
    assert result.summary.best == (chosen.name if result.summary.verdict == "helps" else "scratch")


def test_what_is_saved_predicts_the_same(finished: tuple[Study, Path], tiny_target: Target) -> None:
    result, out = finished
    kept = tk.load(out)
    assert isinstance(kept, Predictor)
    assert kept.predict(tiny_target.train.items).labels == result.best.predict(tiny_target.train.items).labels
    assert json.loads((out / "report.json").read_text())["verdict"] == result.summary.verdict
    assert (out / "report.html").stat().st_size > 5000
    assert "transferkit" in (out / "README.md").read_text()


def test_asking_again_repeats_no_trial(
    finished: tuple[Study, Path], tiny_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, out = finished
    for method in (Scratch, Full, LinearProbe):
        monkeypatch.setattr(method, "fit", lambda *_: pytest.fail("a finished trial was fitted again"))
    again = study(tiny_target, out)
    assert again.summary.gain == result.summary.gain
    assert again.summary.best == result.summary.best


def test_another_study_in_the_same_directory_is_refused(finished: tuple[Study, Path], tiny_target: Target) -> None:
    with pytest.raises(WrongUse, match="--out"):
        study(tiny_target, finished[1], seeds=3)


def test_a_budget_in_trials_is_kept(tiny_target: Target) -> None:
    summary = study(tiny_target, budget="9 trials").summary
    assert summary.cost["trials"] <= 9
    assert summary.gain is not None


def test_asking_again_with_a_budget_gives_the_same_and_fits_nothing(tiny_target: Target, tmp_path: Path) -> None:
    first = study(tiny_target, tmp_path / "run", budget="14 trials").summary
    again = study(tiny_target, tmp_path / "run", budget="14 trials").summary
    assert again.gain == first.gain
    assert again.best == first.best
    assert [arm.validation for arm in again.arms] == [arm.validation for arm in first.arms]
    assert again.cost["trials"] == first.cost["trials"]


def test_a_larger_budget_goes_on_where_a_smaller_one_ended(tiny_target: Target, tmp_path: Path) -> None:
    with pytest.raises(Failed, match="--budget"):
        study(tiny_target, tmp_path / "run", budget="1 trial")
    assert study(tiny_target, tmp_path / "run", budget="30 trials").summary.gain is not None


def test_a_secondary_arm_that_cannot_be_refitted_leaves_the_others_proven(
    tiny_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = Full.fit

    def fails_on_all_labels(self: Full, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        if not len(target.validation):
            raise Failed("it is too much")
        return fit(self, sources, target, run)

    monkeypatch.setattr(Full, "fit", fails_on_all_labels)
    summary = study(tiny_target).summary
    assert any("it is too much" in note for note in summary.notes)
    assert summary.verdict in ("helps", "hurts", "no_difference", "undecided")


def test_a_baseline_cut_short_by_the_budget_proves_nothing(
    tiny_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The comparison with a half-trained scratch would flatter."""
    fit = Scratch.fit

    def cut_short(self: Scratch, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        predictor = fit(self, sources, target, run)
        if not len(target.validation):
            predictor.record = dataclasses.replace(predictor.record, cut_short=True, notes=("stopped at the deadline",))
        return predictor

    monkeypatch.setattr(Scratch, "fit", cut_short)
    result = study(tiny_target)
    assert result.summary.verdict == "undecided"
    assert result.summary.gain is None
    assert "Nothing is proven" in result.summary.sentence
    assert len(result.best.predict(tiny_target.train.items)) == len(tiny_target.train)


def test_a_budget_too_small_for_a_single_trial_says_so(tiny_target: Target) -> None:
    with pytest.raises(Failed, match="--budget") as error:
        study(tiny_target, budget="0.001s")
    assert "\n" not in str(error.value)
    with pytest.raises(Failed, match="--budget"):
        study(tiny_target, budget="1 trial")


def test_a_budget_too_small_says_what_would_do(tiny_target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Costs, "expected", lambda *_: 1000.0)
    with pytest.raises(Failed, match=r"too small for one trial.* about 1 h 6 min here; give a larger --budget"):
        study(tiny_target, budget="300s")


def test_an_interrupted_study_reports_what_is_done_and_opens_no_seal(
    tiny_target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit, calls = Full.fit, []

    def interrupted(self: Method, *arguments: object) -> Predictor:
        calls.append(self)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return fit(self, *arguments)

    monkeypatch.setattr(Full, "fit", interrupted)
    fresh = Target.of(
        list(tiny_target.train.items), list(tiny_target.train.labels), test=_some(tiny_target), name="bars"
    )
    stopped = study(fresh, tmp_path / "run")
    assert stopped.summary.verdict == "undecided"
    assert "go on" in stopped.summary.sentence
    assert not fresh.test.openings
    with pytest.raises(Failed, match="no proven predictor"):
        _ = stopped.best
    monkeypatch.setattr(Full, "fit", fit)
    assert study(fresh, tmp_path / "run").summary.gain is not None


def test_a_second_study_of_one_target_says_that_its_test_was_seen(tiny_target: Target) -> None:
    fresh = Target.of(
        list(tiny_target.train.items), list(tiny_target.train.labels), test=_some(tiny_target), name="bars"
    )
    notes = [
        tk.compare(
            ["zoo:digits-cnn"], fresh, ["linear_probe"], cache=NoCache(), seeds=1, label_curve=False
        ).summary.notes
        for _ in "ab"
    ]
    assert not any("opened" in note for note in notes[0])
    assert any("opened 2 times" in note for note in notes[1])


def test_an_arm_that_fails_is_listed_with_its_reason_and_the_others_go_on(
    tiny_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Method, *_: object) -> Predictor:
        raise Failed("the network melted")

    monkeypatch.setattr(Full, "fit", fails)
    summary = study(tiny_target).summary
    broken = next(arm for arm in summary.arms if arm.name.startswith("full"))
    assert broken.status == "failed"
    assert "the network melted" in broken.notes
    assert summary.gain is not None


def test_killed_at_five_random_moments_and_resumed_it_ends_the_same(
    finished: tuple[Study, Path], tmp_path: Path
) -> None:
    """kill -9; what was finished before a kill is never fitted again, and the result is that of the uninterrupted run."""
    script = tmp_path / "script.py"
    script.write_text(_SCRIPT.format(tests=str(Path(__file__).resolve().parents[1]), short=SHORT))
    out = tmp_path / "run"
    draw = random.Random(0)
    rows: dict[str, str] = {}
    for _ in range(5):
        process = subprocess.Popen([sys.executable, str(script), str(out)], env=os.environ | {"OMP_NUM_THREADS": "1"})
        before = len(rows)
        give_up = time.monotonic() + 120
        while len(_rows(out)) < before + 1 and process.poll() is None and time.monotonic() < give_up:
            time.sleep(0.02)  # it has come further than the last time; then, at some moment
        time.sleep(draw.uniform(0, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        kept = _rows(out, mode="rw")  # SQLite first rolls back what the kill left half-written
        assert rows.items() <= kept.items()
        rows = kept
    subprocess.run([sys.executable, str(script), str(out)], check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert rows.items() <= _rows(out).items()
    resumed, uninterrupted = read_summary(out / "report.json"), finished[0].summary
    assert resumed.gain == pytest.approx(uninterrupted.gain)
    assert resumed.best == uninterrupted.best
    assert [arm.name for arm in resumed.arms] == [arm.name for arm in uninterrupted.arms]


_SCRIPT = """
import sys
sys.path.insert(0, {tests!r})
from conftest import bars
import transferkit as tk
from transferkit.core.run import NoCache
pictures, labels = bars(24, seed=0)
target = tk.Target.of(pictures, labels, test=bars(30, seed=1), name="bars")
tk.compare(["zoo:digits-cnn"], target, methods={short!r}, seeds=2, cache=NoCache(), out=sys.argv[1], label_curve=False)
"""


def _rows(out: Path, mode: str = "ro") -> dict[str, str]:
    """Digest -> moment it finished, of every trial in the journal."""
    journal = out / "journal.sqlite"
    if not journal.exists():
        return {}
    try:
        with sqlite3.connect(f"file:{journal}?mode={mode}", uri=True) as connection:
            return dict(connection.execute("SELECT digest, finished FROM trials"))
    except sqlite3.OperationalError:  # it is being written at this moment
        return {}
    finally:
        connection.close()


def _some(target: Target) -> tuple[list[object], list[str]]:
    return list(target.train.items)[:9], list(target.train.labels)[:9]


def tk_method(spelled: str) -> Method:
    from transferkit.core.spelling import read_method

    return read_method(spelled)


def test_every_arm_of_compare_is_proven_whatever_its_architecture(tiny_target: Target) -> None:
    sources = ["zoo:digits-cnn", f"torch:{_narrow()}?architecture=small_cnn"]
    summary = tk.compare(
        sources, tiny_target, ["linear_probe", "scratch:epochs=1"], seeds=1, cache=NoCache(), label_curve=False
    ).summary
    assert all(arm.gain is not None for arm in summary.arms if arm.baseline)


def test_a_finished_study_is_read_again_when_its_budget_is_used_up(tiny_target: Target, tmp_path: Path) -> None:
    more = {"drop": ["full < *"], "seeds": 1, "cache": NoCache(), "label_curve": False, "out": tmp_path / "run"}
    first = tk.transfer(["zoo:digits-cnn"], tiny_target, budget="400s", **more)
    with sqlite3.connect(tmp_path / "run" / "journal.sqlite") as connection:
        connection.execute("UPDATE trials SET seconds = seconds + 1000")
    connection.close()
    again = tk.transfer(["zoo:digits-cnn"], tiny_target, budget="400s", **more)
    assert again.summary.gain == first.summary.gain


def test_few_trials_are_enough_for_one_proof(tiny_target: Target) -> None:
    sources = ["zoo:digits-cnn", "zoo:letters-cnn", "zoo:objects-cnn"]
    summary = tk.transfer(sources, tiny_target, budget="7 trials", cache=NoCache(), label_curve=False).summary
    assert summary.gain is not None


def test_where_the_first_choice_cannot_be_refitted_the_others_are_proven_all_the_same(
    tiny_target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = Full.fit

    def fails_in_the_end(self: Full, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        if not len(target.validation):
            raise Failed("the network melted")
        return fit(self, sources, target, run)

    monkeypatch.setattr(Full, "fit", fails_in_the_end)
    found = study(tiny_target, methods=["full:epochs=2,learning_rate=0.001", "linear_probe", "scratch:epochs=1"])
    assert next(arm for arm in found.summary.arms if arm.name.startswith("linear_probe")).gain is not None
    if found.summary.verdict == "undecided" and "first choice" in found.summary.sentence:
        assert found.best is not None


def test_dropping_everything_is_one_line(tiny_target: Target) -> None:
    with pytest.raises(WrongUse, match="every arm was dropped"):
        tk.transfer(["zoo:digits-cnn"], tiny_target, drop=["*"], cache=NoCache())


def test_a_budget_of_a_blink_says_where_it_ended(tiny_target: Target) -> None:
    with pytest.raises(BudgetSpent, match="while sources were ranked"):
        tk.plan(["zoo:digits-cnn"], tiny_target, budget="0.001s", cache=NoCache())


def _narrow() -> Path:
    """A small network of another width, as a file of weights."""
    import tempfile

    from safetensors.torch import save_file

    from transferkit.core.architecture import Architecture
    from transferkit.sources import architectures

    network = architectures.build(Architecture.of("small_cnn", {"width": 4, "n_classes": 3}), 0)
    path = Path(tempfile.mkdtemp()) / "narrow.safetensors"
    save_file(network.state_dict(), path)
    return path
