"""What a study leaves behind lies in one folder and is found again."""

from pathlib import Path

import pytest
import torch

from transferkit.artifact.journal import Journal
from transferkit.artifact.kept import keep
from transferkit.artifact.report import render
from transferkit.artifact.report_json import read_summary
from transferkit.artifact.saved import load
from transferkit.core.errors import WrongUse
from transferkit.evaluate.summary import StudySummary
from transferkit.methods.baseline.majority import Blind
from transferkit.tasks.classify import Classify

BEST = Blind(Classify(("cat", "dog")), torch.tensor([[0.25, 0.75]]).log())


def test_everything_is_kept_and_found_again(summaries: dict[str, StudySummary], tmp_path: Path) -> None:
    folder = keep(summaries["helps"], BEST, tmp_path / "runs" / "digits")
    assert sorted(p.name for p in folder.iterdir()) == [
        "README.md",
        "report.html",
        "report.json",
        "settings.json",
        "tensors.safetensors",
    ]
    assert load(folder).predict([0]).labels == ("dog",)
    assert read_summary(folder / "report.json") == summaries["helps"]
    assert (folder / "report.html").read_text(encoding="utf-8") == render(read_summary(folder / "report.json"))


def test_a_study_is_kept_beside_its_journal_and_goes_on_there(
    summaries: dict[str, StudySummary], tmp_path: Path
) -> None:
    Journal.open(tmp_path, {"study": 1}).close()
    keep(summaries["helps"], BEST, tmp_path)
    keep(summaries["hurts"], BEST, tmp_path)
    assert read_summary(tmp_path / "report.json").verdict == "hurts"
    Journal.open(tmp_path, {"study": 1}).close()


def test_an_interrupted_study_keeps_its_report_only(summaries: dict[str, StudySummary], tmp_path: Path) -> None:
    keep(summaries["interrupted"], None, tmp_path / "run")
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == ["report.html", "report.json"]


def test_the_folder_of_somebody_else_is_refused(summaries: dict[str, StudySummary], tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(WrongUse, match="holds other files"):
        keep(summaries["helps"], BEST, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["README.md"]


def test_a_journal_does_not_begin_where_another_study_was_kept(
    summaries: dict[str, StudySummary], tmp_path: Path
) -> None:
    keep(summaries["helps"], BEST, tmp_path)
    with pytest.raises(WrongUse, match="holds no run but other files"):
        Journal.open(tmp_path, {"study": 1})
