"""The cells of few-shot-text outlive a killed run, and rows are made of those that are there."""

import importlib.util
import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import pytest

from bench.experiment import EXPERIMENTS, named

SETTING = {"labels": 8, "minutes": 45, "goals": {}}


@pytest.fixture(scope="module")
def experiment() -> ModuleType:
    path = EXPERIMENTS / "few-shot-text" / "run.py"
    specification = importlib.util.spec_from_file_location("few_shot_text_under_test", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module


def ways(**right: list[int]) -> dict[str, dict[str, object]]:
    return {name: {"right": one, "processor_seconds": 1.0, "seconds": 2.0, "arm": name} for name, one in right.items()}


def test_what_is_done_is_found_again_without_the_line_that_was_cut(
    experiment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept = experiment.Kept(SETTING)
    kept.add("mr", 0, {"ways": {}})
    kept.add("cr", 0, {"ways": {}})
    whole = kept.path.read_text()
    kept.path.write_text(whole[:-5])
    again = experiment.Kept(SETTING | {"minutes": 1})
    assert again.has("mr", 0)
    assert not again.has("cr", 0)
    again.add("cr", 0, {"ways": {}})
    assert kept.path.read_text() == whole
    assert experiment.Kept(SETTING | {"labels": 64}).cells == []


def test_a_cell_that_another_run_has_begun_is_left_to_it_while_it_is_alive(
    experiment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    kept = experiment.Kept(SETTING)
    assert kept.claim("mr", 0)
    assert not kept.others_at_work()
    (claim,) = kept.path.with_suffix(".claims").iterdir()
    claim.write_text(str(os.getppid()))
    assert not kept.claim("mr", 0)
    assert kept.others_at_work()
    kept.add("mr", 0, {"ways": {}})
    assert not kept.others_at_work()
    claim.write_text("999999999")  # no such process
    assert kept.claim("mr", 0)


def test_what_setfit_said_of_a_draw_is_asked_once(
    experiment: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    questions = []

    def ask(question: dict[str, int]) -> dict[str, object]:
        questions.append(question)
        return {"predictions": [question["seed"]], "steps": 3}

    for name, seed in (("mr", 4), ("mr", 4), ("cr", 4), ("mr", 5), ("mr", 4)):
        answer = experiment.Answers(SETTING, {"setfit": "1.0"}).asked(ask, name, {"seed": seed})
        assert answer == {"predictions": [seed], "steps": 3}
    assert len(questions) == 3
    path = experiment.Answers(SETTING, {"setfit": "1.0"}).path
    path.write_text(path.read_text()[:-5])  # killed while the last answer was written
    experiment.Answers(SETTING, {"setfit": "1.0"}).asked(ask, "mr", {"seed": 5})
    assert questions.pop() == {"seed": 5}
    assert len(questions) == 3
    experiment.Answers(SETTING | {"labels": 64}, {"setfit": "1.0"}).asked(ask, "mr", {"seed": 4})
    experiment.Answers(SETTING, {"setfit": "1.1"}).asked(ask, "mr", {"seed": 4})
    assert len(questions) == 5


def test_a_row_compares_on_the_seeds_a_set_has(experiment: ModuleType) -> None:
    full = {"full": [1, 1, 1, 1]}
    cells = [
        {"set": "mr", "seed": 0, "ways": ways(setfit=[1, 0, 1, 0], ours=[1, 1, 1, 0], probe=[0, 0, 1, 1], **full)},
        {"set": "mr", "seed": 1, "ways": ways(setfit=[1, 1, 1, 0], ours=[1, 1, 1, 0], probe=[0, 0, 1, 1])},
        {"set": "cr", "seed": 0, "ways": ways(setfit=[0] * 4, ours=[1] * 4, probe=[1] * 4)},
    ]
    row = experiment.row(cells, "mr")
    assert (row["seeds"], row["setfit"], row["ours"]) == (2, 62.5, 75.0)
    assert (row["full_seeds"], row["full_gap"]) == (1, 50.0)
    assert "full_gap" not in experiment.row(cells, "cr")
    assert row["gap"] == 12.5
    assert row["gap_low"] <= 12.5 <= row["gap_high"]
    assert row["arms"] == {"ours": 2}


def test_where_ours_is_left_out_plain_fine_tuning_is_set_against_setfit(experiment: ModuleType) -> None:
    cells = [
        {"set": "mr", "seed": seed, "ways": ways(setfit=[1, 0, 1, 0], full=[1, 1, 1, right])}
        for seed, right in enumerate((0, 1))
    ]
    row = experiment.row(cells, "mr")
    assert (row["gap"], row["full"], row["arms"]) == (37.5, 87.5, {"full": 2})
    assert (row["full_seeds"], row["full_gap"]) == (2, 37.5)


def test_every_setting_holds_what_the_code_reads() -> None:
    for one in named("few-shot-text"):
        setting = one.setting()
        assert setting["labels"] in (8, 64)
        assert {"minutes", "full_seeds", "full", "n_seeds"} <= setting.keys()
        ours = {"least_seconds", "budget_share", "probe", "scratch", "goals"}
        assert setting.get("ways") == ["full"] if one.setting_name.endswith("-full") else ours <= setting.keys()
