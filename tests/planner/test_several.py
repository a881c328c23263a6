"""Several targets, a study each."""

import csv
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import transferkit as tk
from transferkit.core.budget import Budget
from transferkit.core.errors import Failed, UnknownName, WrongUse
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.data.cache import FeatureCache
from transferkit.planner.several import Part, study_each
from transferkit.planner.study import Study
from transferkit.sources.memory import source_of


def _rows(n: int, seed: int, shift: float = 0.0) -> tuple[list[dict[str, float]], list[str]]:
    draw = np.random.default_rng(seed)
    classes = np.arange(n) % 2
    values = draw.normal(size=(n, 2)) * [0.5, 2.0] + np.c_[2.0 * classes, np.zeros(n)] + shift
    return [{"a": float(a), "b": float(b)} for a, b in values], [f"class {c}" for c in classes]


def _table(path: Path, n: int, seed: int, labelled: bool, shift: float = 0.0) -> Path:
    rows, labels = _rows(n, seed, shift)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["a", "b", *["label"] * labelled])
        for row, label in zip(rows, labels, strict=True):
            table.writerow([row["a"], row["b"], *[label] * labelled])
    return path


@pytest.fixture(name="source", scope="module")
def _source() -> Source:
    return source_of(*_rows(120, 0), name="old of several")


@pytest.fixture(name="cache", scope="module")
def _cache(tmp_path_factory: pytest.TempPathFactory) -> FeatureCache:
    return FeatureCache(tmp_path_factory.mktemp("cache"))


def _evidence(name: str, shift: float, n: int = 160, seed: int = 1) -> Target:
    return Target.of(*_rows(n, seed, shift=shift), name=name)


KEPT = {"methods": ["recolouring"], "seeds": 1, "target_labels": "evidence"}


def test_each_target_has_its_own_verdict_and_one_that_fails_does_not_lose_the_others(
    source: Source, cache: FeatureCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    few = _table(tmp_path / "few.csv", 5, 4, labelled=False)
    unlabelled = _table(tmp_path / "unlabelled.csv", 60, 5, labelled=False, shift=3.0)
    targets = [_evidence("far", 3.0), few, unlabelled]
    studies = tk.compare_each([source], targets, cache=cache, out=tmp_path / "all", **KEPT)
    assert list(studies) == ["far", "unlabelled"]
    assert studies["far"].summary.verdict == "helps"
    assert studies["unlabelled"].summary.gain is None
    assert "5 items to learn from" in studies.failed["few"]
    with pytest.raises(Failed, match=r"no study of few: .*5 items to learn from"):
        studies["few"]
    with pytest.raises(UnknownName, match="far"):
        studies["fra"]
    said = str(studies)
    assert "1 helps, 1 failed, 1 undecided" in said
    assert "unverified: between" in said or "makes no difference" in said
    assert tk.load(tmp_path / "all" / "far").predict([{"a": 3.0, "b": 3.0}]).labels[0] in ("class 0", "class 1")
    page = (tmp_path / "all" / "report.html").read_text(encoding="utf-8")
    assert 'href="far/report.html"' in page
    assert "5 items to learn from" in page
    assert (tmp_path / "all" / "unlabelled" / "report.html").is_file()


def test_a_study_among_several_is_the_study_of_that_target_alone(source: Source, cache: FeatureCache) -> None:
    targets = [_evidence("far", 3.0), _evidence("near", 0.2, seed=2)]
    several = tk.compare_each([source], targets, cache=cache, **KEPT)
    for target in targets:
        target = _evidence(target.name, 3.0) if target.name == "far" else _evidence("near", 0.2, seed=2)
        alone = tk.compare([source], target, cache=cache, **KEPT)
        assert several[target.name].summary.gain == alone.summary.gain
        assert several[target.name].summary.sentence == alone.summary.sentence


def test_the_same_command_again_fits_nothing_twice(
    source: Source, cache: FeatureCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transferkit.methods.adapt.recolouring import Recolouring

    def studied() -> Any:
        targets = [_evidence("far", 3.0), _evidence("near", 0.2, seed=2)]
        return tk.compare_each([source], targets, cache=cache, out=tmp_path / "all", budget="60s", **KEPT)

    first = studied()
    monkeypatch.setattr(Recolouring, "fit", lambda *_: pytest.fail("fitted again"))
    again = studied()
    assert [one.summary and one.summary.sentence for one in again.results] == [
        one.summary and one.summary.sentence for one in first.results
    ]


def _study(target: Target, part: Part) -> Study:
    """A study that says what it was given."""
    from transferkit.evaluate.summary import MetricInfo, StudySummary

    summary = StudySummary(
        "undecided", part.name, "scratch", None, MetricInfo("accuracy", True, "points", 100.0), {}, (), (), (), None, (),
        {"total": 1.0, "trials": 3.0}, str(part.budget), {},
    )  # fmt: skip
    return Study(summary, None)


def _target_of(given: Any) -> Target:
    return given


def _several(names: list[str], study: Any = _study, budget: str | None = None, **rest: Any) -> Any:
    targets = [_evidence(name, 0.0, n=40) for name in names]
    return study_each(
        targets, _target_of, study, Budget.parse(budget), rest.get("out"), rest.get("begun", time.monotonic())
    )


def test_names_that_collide_get_a_number_and_are_fit_for_folders() -> None:
    found = _several(["new", "New", "new", "a/b: c", "report.html"])
    assert [one.name for one in found.results] == ["new", "New-2", "new-3", "a-b-c", "report.html-2"]


def test_tables_of_one_name_are_told_apart_by_their_folders_in_whatever_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from transferkit.planner.target_names import names_of

    for folder in ("a", "b"):
        _table(tmp_path / folder / "hospital.csv", 10, 0, labelled=False)
    monkeypatch.chdir(tmp_path)
    assert names_of(["a/hospital.csv", "b/hospital.csv"]) == ["a-hospital", "b-hospital"]
    assert names_of([tmp_path / "b" / "hospital.csv", "a/hospital.csv"]) == ["b-hospital", "a-hospital"]
    (tmp_path / "a" / "hospital").mkdir()
    assert names_of(["a/hospital", "a/hospital.csv", "a"]) == ["a-hospital", "a-hospital-2", "a"]
    assert names_of(["a/hospital.csv", "b"]) == ["hospital", "b"]


def _kept_study(target: Target, part: Part) -> Study:
    """A study that leaves its report behind, as `transfer` does."""
    from transferkit.artifact.report_json import summary_json

    assert part.out is not None
    found = _study(target, part)
    Path(part.out).mkdir(parents=True, exist_ok=True)
    (Path(part.out) / "report.json").write_text(summary_json(found.summary), encoding="utf-8")
    return found


def _listed(folder: Path) -> dict[str, bool]:
    listed = json.loads((folder / "studies.json").read_text(encoding="utf-8"))["studies"]
    return {one["name"]: one["has_study"] for one in listed}


def test_what_an_earlier_command_found_stays_in_the_overview(tmp_path: Path) -> None:
    _several(["a", "b"], _kept_study, out=tmp_path)

    def stopped(target: Target, part: Part) -> Study:
        if part.name != "a":
            raise KeyboardInterrupt
        return _kept_study(target, part)

    found = _several(["a", "b", "c"], stopped, out=tmp_path)
    assert "2 undecided, 1 not begun" in str(found)  # b was done before
    assert _listed(tmp_path) == {"a": True, "b": True, "c": False}
    assert [one.name for one in _several(["c", "d"], _kept_study, out=tmp_path).results] == ["c", "d"]
    assert _listed(tmp_path) == {"c": True, "d": True, "a": True, "b": True}


def test_where_every_target_fails_the_overview_says_so_of_each(tmp_path: Path) -> None:
    def study(target: Target, part: Part) -> Study:
        raise Failed(f"the disk of {part.name} is full")

    with pytest.raises(Failed, match="no target could be studied"):
        _several(["a", "b"], study, out=tmp_path)
    listed = json.loads((tmp_path / "studies.json").read_text(encoding="utf-8"))["studies"]
    assert [one["failed"] for one in listed] == ["the disk of a is full", "the disk of b is full"]


def test_a_folder_of_several_studies_is_told_to_who_takes_it_for_one(tmp_path: Path) -> None:
    from transferkit.artifact.journal import Journal

    _several(["a", "b"], _kept_study, out=tmp_path)
    with pytest.raises(WrongUse, match="holds the studies of several targets; name the folder of one"):
        tk.load(tmp_path)
    with pytest.raises(WrongUse, match="holds the studies of several targets, not one; name an empty or new folder"):
        Journal.open(tmp_path, {})


def test_seconds_left_are_shared_out_among_the_targets_left() -> None:
    given = []

    def study(target: Target, part: Part) -> Study:
        given.append(part.budget.seconds)
        time.sleep(0.3)
        return _study(target, part)

    _several(["a", "b", "c"], study, budget="6s")
    assert given[0] == pytest.approx(2.0, abs=0.2)
    assert given[1] == pytest.approx((6 - 0.3) / 2, abs=0.2)
    assert given[2] == pytest.approx(6 - 0.6, abs=0.2)


def test_trials_are_shared_out_and_those_not_used_go_to_the_others() -> None:
    found = _several(["a", "b", "c"], budget="20 trials")  # of 6, 8 and 14 each study uses 3
    assert [one.summary.budget for one in found.results] == ["6 trials", "8 trials", "14 trials"]


def test_a_budget_that_was_spent_is_said_of_those_whose_turn_it_would_have_been() -> None:
    def study(target: Target, part: Part) -> Study:
        time.sleep(0.4)
        return _study(target, part)

    found = _several(["a", "b"], study, budget="0.3s")
    assert list(found) == ["a"]
    assert "spent before its turn" in found.failed["b"]


def test_a_share_that_is_too_small_is_told_as_a_share() -> None:
    def study(target: Target, part: Part) -> Study:
        if part.name == "a":
            raise Failed(f"the budget of {part.budget} is too small for one trial")
        return _study(target, part)

    found = _several(["a", "b"], study, budget="60s")
    assert found.failed["a"].startswith("its share of the budget of 60s was ")
    assert found.failed["a"].endswith("is too small for one trial")
    assert "share" not in _several(["a", "b"], study).failed["a"]
    with pytest.raises(Failed, match="2 trials do not go round"):
        _several(["a", "b", "c"], budget="2 trials")


def test_ctrl_c_keeps_what_was_done_and_says_what_was_not_begun(tmp_path: Path) -> None:
    def study(target: Target, part: Part) -> Study:
        if part.name == "b":
            raise KeyboardInterrupt
        return _study(target, part)

    found = _several(["a", "b", "c"], study, out=tmp_path / "all")
    assert found.interrupted
    assert list(found) == ["a"]
    assert "1 undecided, 2 not begun" in str(found)
    listed = json.loads((tmp_path / "all" / "studies.json").read_text(encoding="utf-8"))["studies"]
    assert [one["has_study"] for one in listed] == [True, False, False]


def test_a_study_that_was_stopped_stops_those_after_it() -> None:
    def study(target: Target, part: Part) -> Study:
        found = _study(target, part)
        return Study(replace(found.summary, extra={"interrupted": True}), None)

    found = _several(["a", "b"], study)
    assert found.interrupted
    assert list(found) == ["a"]


def test_what_all_targets_fail_of_is_raised_once() -> None:
    def study(target: Target, part: Part) -> Study:
        raise WrongUse("there is no such method")

    with pytest.raises(WrongUse, match=r"^there is no such method$"):
        _several(["a", "b"], study)

    def other(target: Target, part: Part) -> Study:
        raise Failed(f"the disk of {part.name} is full")

    with pytest.raises(Failed, match="no target could be studied: a: the disk of a is full; b: the disk of b is full"):
        _several(["a", "b"], other)


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        ([], "no target was named"),
        (["here.csv", "./here.csv"], r"^\./here.csv is named twice as a target"),
        (["here.csv", "nowhere.csv"], r"^nowhere.csv: no such file or folder"),
        (["here.csv", "zoo:digits-cnn"], "is a source, not a target; say --from zoo:digits-cnn"),
    ],
)
def test_a_list_of_targets_that_cannot_be_meant_is_refused_before_anything_is_read(
    targets: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: Source
) -> None:
    _table(tmp_path / "here.csv", 20, 0, labelled=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("transferkit.front.read_target", lambda *_: pytest.fail("a target was read"))
    with pytest.raises(WrongUse, match=said) as raised:
        tk.transfer_each([source], targets)
    assert "\n" not in str(raised.value)


def test_a_folder_that_holds_the_study_of_one_target_is_refused(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("{}", encoding="utf-8")
    with pytest.raises(WrongUse, match="holds the study of one target, not the studies of several"):
        _several(["a", "b"], out=tmp_path)
    (tmp_path / "report.json").rename(tmp_path / "thesis.tex")
    with pytest.raises(WrongUse, match=r"other files \(thesis.tex\)"):
        _several(["a", "b"], out=tmp_path)


def test_studies_in_memory_can_be_saved_together(source: Source, cache: FeatureCache, tmp_path: Path) -> None:
    targets = [_evidence("far", 3.0), _evidence("near", 0.2, seed=2)]
    studies = tk.compare_each([source], targets, cache=cache, **KEPT)
    studies.save(tmp_path / "all")
    assert {path.name for path in (tmp_path / "all").iterdir()} == {"far", "near", "report.html", "studies.json"}


def test_labelled_data_are_read_once_for_all_targets(
    tmp_path: Path, cache: FeatureCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    from transferkit.data.tabular import Tabular

    reads, read = [], Tabular.read

    def counted(self: Any, path: Path, *rest: Any) -> Any:
        reads.append(path.name)
        return read(self, path, *rest)

    monkeypatch.setattr(Tabular, "read", counted)
    old = _table(tmp_path / "old.csv", 60, 0, labelled=True)
    os.utime(old, (1e9, 1e9))  # a file that was just written is read again, for it may still change
    targets = [_table(tmp_path / f"t{i}.csv", 30, 1 + i, labelled=False) for i in range(3)]
    tk.compare_each([str(old)], targets, ["recolouring"], cache=cache, seeds=1)
    assert reads.count("old.csv") <= 2  # as what it says itself it is, and for the task of the targets
