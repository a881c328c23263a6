import csv
import json
from pathlib import Path

import pytest

from transferkit.cli import main
from transferkit.cli.results import _csv


def test_predictions_are_one_line_a_picture_and_broken_files_are_listed(
    compared: list[str], pictures: Path, capsys
) -> None:
    assert main(["predict", compared[-1], str(pictures / "lying"), "--quiet"]) == 0
    said = capsys.readouterr()
    rows = list(csv.DictReader(said.out.splitlines()))
    assert [Path(row["file"]).name for row in rows] == [f"{i:02}.png" for i in range(12)]
    assert {row["label"] for row in rows} <= {"lying", "upright"}
    assert all(0.5 <= float(row["confidence"]) <= 1 for row in rows)
    assert said.err.startswith(f"unreadable: {pictures / 'lying' / 'broken.png'}: ")


def test_predictions_can_be_json_and_a_file(compared: list[str], pictures: Path, tmp_path: Path, capsys) -> None:
    table = tmp_path / "predictions.csv"
    files = [str(pictures / "upright" / "00.png"), str(tmp_path / "gone.png")]
    assert main(["predict", compared[-1], *files, "--json", "--out", str(table)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["file"] for row in found["predictions"]] == files[:1]
    assert [row["file"] for row in found["unreadable"]] == files[1:]
    assert len(table.read_text(encoding="utf-8").splitlines()) == 2


def test_the_report_is_drawn_again(compared: list[str], capsys) -> None:
    page = Path(compared[-1]) / "report.html"
    before = page.read_text(encoding="utf-8")
    page.unlink()
    assert main(["report", compared[-1]]) == 0
    assert str(page) in capsys.readouterr().out
    assert page.read_text(encoding="utf-8") == before
    assert main(["report", compared[-1], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["report"] == str(page)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["predict", "no/such/run", "{picture}"], "no/such/run"),
        (["predict", "{run}", "{empty}"], "empty"),
        (["predict", "{run}", "{broken}"], "broken.png"),
        (["report", "no/such/run"], "no/such/run"),
        (["report", "{empty}"], "report.json"),
    ],
)
def test_bad_input_gets_one_clear_line(
    arguments, part, compared: list[str], pictures: Path, tmp_path: Path, capsys
) -> None:
    (tmp_path / "empty").mkdir()
    names = {"run": compared[-1], "empty": tmp_path / "empty", "picture": pictures / "upright" / "00.png"}
    given = [word.format(broken=pictures / "lying" / "broken.png", **names) for word in arguments]
    assert main([*given, "--json"]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1, said.err
    assert part in said.err
    assert json.loads(said.out) == {"error": said.err.removeprefix("error: ").strip()}


def test_tags_are_written_as_a_table_of_labels_has_them():

    rows = [{"file": str(i), "label": label, "confidence": 0.5} for i, label in enumerate([("a", "b"), (), "c"])]
    assert _csv(rows).splitlines()[1:] == ["0,a|b,0.5000", "1,|,0.5000", "2,c,0.5000"]
