"""Several targets on the command line, and targets without labels in `plan` and `rank`."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from transferkit.cli import main


def _table(path: Path, n: int, seed: int, labelled: bool, shift: float = 0.0) -> Path:
    draw = np.random.default_rng(seed)
    classes = np.arange(n) % 2
    values = draw.normal(size=(n, 2)) * [0.5, 2.0] + np.c_[2.0 * classes, np.zeros(n)] + shift
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["a", "b", *["label"] * labelled])
        for row, one in zip(values, classes, strict=True):
            table.writerow([*map(float, row), *[f"class {one}"] * labelled])
    return path


@pytest.fixture(name="place", scope="module")
def _place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hospitals")
    _table(folder / "old.csv", 120, 0, labelled=True)
    _table(folder / "older.csv", 120, 5, labelled=True, shift=2.8)
    _table(folder / "north.csv", 60, 1, labelled=False, shift=3.0)
    _table(folder / "south.csv", 160, 2, labelled=True, shift=3.0)
    _table(folder / "few.csv", 5, 3, labelled=False)
    return folder


@pytest.fixture(name="command", scope="module")
def _command(place: Path) -> list[str]:
    """Three targets, of which one fails."""
    targets = [str(place / f"{name}.csv") for name in ("north", "few", "south")]
    more = [
        "--method",
        "recolouring",
        "--seeds",
        "1",
        "--target-labels",
        "evidence",
        "--cache-dir",
        str(place / "cache"),
    ]
    return ["compare", *targets, "--from", str(place / "old.csv"), *more, "--out", str(place / "runs")]


def test_several_targets_give_one_object_with_a_study_each_and_the_exit_code_says_that_one_failed(
    command: list[str], place: Path, capsys
) -> None:
    assert main([*command, "--json"]) == 1
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert [one["name"] for one in found["studies"]] == ["north", "few", "south"]
    assert "5 items to learn from" in found["studies"][1]["error"]
    assert found["studies"][2]["verdict"] == "helps"
    assert found["studies"][0]["gain"] is None
    about = found["studies"][0]["adaptation"]
    assert about["to_label"]
    assert all(name.startswith("north.csv row ") for name in about["to_label"])
    assert Path(found["report"]).is_file()
    assert Path(found["studies"][2]["report"]).is_file()
    assert found["interrupted"] is False
    assert "few: few.csv has 5 items to learn from" in said.err
    assert "the others go on" in said.err
    assert "south: Transfer from" in said.err


def test_the_overview_is_a_table_and_can_be_drawn_again(command: list[str], place: Path, capsys) -> None:
    assert main([*command, "--quiet"]) == 1
    said = capsys.readouterr()
    assert said.err == ""
    assert "3 targets: 1 undecided, 1 failed, 1 helps." in said.out
    assert str(place / "runs" / "report.html") in said.out
    page = place / "runs" / "report.html"
    before = page.read_text(encoding="utf-8")
    page.unlink()
    assert main(["report", str(place / "runs")]) == 0
    assert "3 targets: 1 undecided, 1 failed, 1 helps." in capsys.readouterr().out
    assert page.read_text(encoding="utf-8") == before
    assert main(["report", str(place / "runs"), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["studies"]) == 3


def test_a_warning_says_of_which_target_it_is(place: Path, capsys) -> None:
    small = str(_table(place / "small.csv", 60, 6, labelled=True, shift=3.0))
    rest = ["--from", str(place / "old.csv"), "--method", "recolouring", "--seeds", "1", "--target-labels", "evidence"]
    assert main(["compare", small, str(place / "north.csv"), *rest, "--cache-dir", str(place / "cache")]) == 0
    assert "warning: small.csv: 60 labels are too few" in capsys.readouterr().err


def test_a_misspelled_method_is_told_once_before_any_target_is_begun(place: Path, capsys) -> None:
    targets = [str(place / "north.csv"), str(place / "south.csv")]
    rest = ["--from", str(place / "old.csv"), "--method", "recolour", "--out", str(place / "slip")]
    assert main(["compare", *targets, *rest]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: unknown method 'recolour'")
    assert said.count("\n") == 1
    assert not (place / "slip").exists()


def test_the_others_go_on_is_said_only_where_there_are_others(place: Path, capsys) -> None:
    targets = [str(place / "north.csv"), str(place / "few.csv")]
    rest = ["--from", str(place / "old.csv"), "--method", "recolouring", "--seeds", "1"]
    assert main(["compare", *targets, *rest, "--cache-dir", str(place / "cache")]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("few: ")]
    assert "the others go on" not in line


def test_where_all_come_out_the_exit_code_is_0(command: list[str], place: Path, capsys) -> None:
    rest = [word for word in command[:-1] if "few" not in word]
    assert main([*rest, str(place / "others"), "--quiet"]) == 0
    assert "2 targets: 1 undecided, 1 helps." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["{here}/north.csv", "{here}/../{name}/north.csv"], "is named twice as a target"),
        (["{here}/north.csv", "zoo:digits-cnn"], "say --from zoo:digits-cnn"),
        (["{here}/north.csv", "{here}/nowhere.csv"], "nowhere.csv: no such file or folder"),
        (["{here}/north.csv", "{here}/south.csv", "--budget", "soon"], "budget 'soon' cannot be read"),
        (["{here}/few.csv", "{here}/north.csv", "--method", "recolour"], "recolouring"),
        (["{here}/north.csv", "{here}/south.csv", "--out", "{here}"], "not the studies of several"),
    ],
)
def test_what_no_target_can_be_studied_for_is_one_line(arguments: list[str], part: str, place: Path, capsys) -> None:
    given = [word.format(here=place, name=place.name) for word in arguments]
    rest = ["--from", str(place / "old.csv"), "--quiet", "--json", "--cache-dir", str(place / "cache")]
    assert main(["compare", *given, *([] if "--method" in given else ["--method", "recolouring"]), *rest]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1, said.err
    assert part in said.err
    assert json.loads(said.out) == {"error": said.err.removeprefix("error: ").strip()}


def test_plan_shows_for_a_target_without_labels_what_transfer_would_try(place: Path, capsys) -> None:
    command = ["plan", str(place / "north.csv"), "--from", str(place / "old.csv"), "--quiet"]
    assert main(command) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "source_probe <" in said
    assert "Then no verdict" in said
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["chosen_by"]
    assert found["profile"]["n_labels"] == 0
    labelled = ["plan", str(place / "south.csv"), "--from", str(place / "old.csv"), "--target-labels", "evidence"]
    assert main([*labelled, "--quiet"]) == 0
    assert "Then a verdict on 40 sealed labels" in capsys.readouterr().out


def test_rank_orders_labelled_data_for_a_target_without_labels(place: Path, capsys) -> None:
    command = ["rank", str(place / "north.csv"), "--from", str(place / "old.csv"), "--from", str(place / "older.csv")]
    assert main([*command, "--quiet"]) == 0
    said = capsys.readouterr().out
    assert said.index("older.csv") < said.index("old.csv")
    assert "no prediction of accuracy" in said
    assert main([*command, "--quiet", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["predicts"] is False
    assert found["best"].endswith("older.csv")
