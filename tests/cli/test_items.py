"""Files of a command line: of every modality, with what cannot be read told apart."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from transferkit.artifact import saved
from transferkit.cli import main
from transferkit.cli.items import read_items
from transferkit.core.errors import WrongUse
from transferkit.core.format import ReadOptions
from transferkit.core.run import Run
from transferkit.core.source import Processor
from transferkit.core.target import Target
from transferkit.methods.baseline.majority import Majority
from transferkit.methods.baseline.scratch import Scratch
from transferkit.sources.processors import columns, window
from transferkit.sources.processors.image import ImageProcessor
from transferkit.sources.processors.spectrogram import SpectrogramProcessor
from transferkit.sources.processors.words import WordProcessor

ROWS = [{"age": float(i), "town": "Ulm" if i % 2 else "Rom"} for i in range(20)]
PROCESSORS: dict[str, Processor] = {
    "image": ImageProcessor(size=(8, 8), mean=(0.5,) * 3, std=(0.25,) * 3),
    "text": WordProcessor(length=8, words=("good",)),
    "audio": SpectrogramProcessor(),
    "tabular": columns.fitted(ROWS),
    "time_series": window.fitted([np.ones((4, 2), dtype=np.float32)]),
}


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """One file of every kind, and one of none."""
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    soundfile.write(tmp_path / "b.wav", np.zeros(4000), 8000)
    (tmp_path / "c.txt").write_text("a letter", encoding="utf-8")
    (tmp_path / "d.csv").write_text("age,town\n63,Ulm\n,Rom\n", encoding="utf-8")
    (tmp_path / "e.csv").write_text("id,review\n1,good\n2,\n3,not good at all\n", encoding="utf-8")
    series = "\n".join(f"{i},{2 * i}" for i in range(10))
    (tmp_path / "f.csv").write_text(f"x,y\n{series}\n", encoding="utf-8")
    (tmp_path / "g.bin").write_bytes(b"\0\1\2")
    return tmp_path


@pytest.mark.parametrize(
    ("modality", "names", "reasons"),
    [
        ("image", ["a.png"], {"g.bin": "not a picture"}),
        ("audio", ["b.wav"], {"a.png": "not a sound", "c.txt": "not a sound"}),
        ("text", ["c.txt", "e.csv row 2", "e.csv row 4"], {"d.csv": "no column of texts", "e.csv row 3": "empty"}),
        ("tabular", ["d.csv row 2", "d.csv row 3"], {"f.csv": "none of its columns 'x', 'y'", "a.png": "not a table"}),
        ("time_series", ["f.csv rows 4 to 7", "f.csv rows 8 to 11"], {"d.csv": "windows of 2", "b.wav": "not a table"}),
    ],
)
def test_each_modality_takes_its_files_and_tells_of_the_others(
    folder: Path, modality: str, names: list[str], reasons: dict[str, str]
) -> None:
    found = read_items([str(folder)], PROCESSORS[modality])
    assert list(found.names) == [str(folder / name) for name in names]
    assert len(found.items) == len(names)
    told = {name.removeprefix(f"{folder}/"): reason for name, reason in found.unreadable}
    for name, part in reasons.items():
        assert part in told[name]
        assert "\n" not in told[name]
        assert str(folder) not in told[name]
    PROCESSORS[modality]([found.items[i] for i in range(len(names))])


def test_an_empty_row_is_answered_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("age,town\n63,Ulm\n,\n37,Rom\n", encoding="utf-8")
    found = read_items([str(tmp_path / "a.csv")], PROCESSORS["tabular"])
    assert [name.rpartition(" ")[2] for name in found.names] == ["2", "3", "4"]
    assert dict(found.items[1]) == {"age": None, "town": None}


def test_items_are_what_the_files_hold(folder: Path) -> None:
    rows = read_items([str(folder / "d.csv")], PROCESSORS["tabular"]).items
    assert rows[0] == {"age": 63.0, "town": "Ulm"}
    assert rows[1]["age"] is None
    windows = read_items([str(folder / "f.csv")], PROCESSORS["time_series"]).items
    assert windows[1].tolist() == [[6, 12], [7, 14], [8, 16], [9, 18]]
    texts = read_items([str(folder / "e.csv"), str(folder / "c.txt")], PROCESSORS["text"]).items
    assert [texts[i] for i in range(3)] == ["a letter", "good", "not good at all"]


def test_a_table_shorter_than_a_window_is_one_window(tmp_path: Path) -> None:
    (tmp_path / "short.csv").write_text("x,y\n1,2\n3,4\n", encoding="utf-8")
    (shown,) = read_items([str(tmp_path / "short.csv")], PROCESSORS["time_series"]).items
    assert np.isnan(shown[:2]).all()
    assert shown[2:].tolist() == [[1, 2], [3, 4]]


def test_windows_of_several_series_are_in_the_order_of_time_and_leave_out_what_is_no_channel(tmp_path: Path) -> None:
    rows = [
        f"{unit},{moment},{10 * unit + moment},{moment},{9 - moment}" for moment in (2, 1, 0, 3, 4) for unit in (1, 2)
    ]
    (tmp_path / "units.csv").write_text("unit,cycle,x,y,life\n" + "\n".join(rows), encoding="utf-8")
    options = ReadOptions(time_column="cycle", group_column="unit", label_column="life")
    found = read_items([str(tmp_path / "units.csv")], PROCESSORS["time_series"], options=options)
    assert [window.tolist() for window in found.items] == [
        [[11, 1], [12, 2], [13, 3], [14, 4]],
        [[21, 1], [22, 2], [23, 3], [24, 4]],
    ]
    assert [name.rpartition("rows ")[2] for name in found.names] == ["4 to 10", "5 to 11"]
    with pytest.raises(WrongUse, match=r"5 columns of numbers .* windows of 2; say with --time-column"):
        read_items([str(tmp_path / "units.csv")], PROCESSORS["time_series"])


def test_a_person_names_the_column_of_texts(folder: Path) -> None:
    found = read_items([str(folder / "d.csv")], PROCESSORS["text"], options=ReadOptions(text_column="town"))
    assert list(found.items) == ["Ulm", "Rom"]
    with pytest.raises(WrongUse, match=r"unknown column of d\.csv 'towns'; did you mean 'town'"):
        read_items([str(folder / "d.csv")], PROCESSORS["text"], options=ReadOptions(text_column="towns"))


@pytest.mark.parametrize("modality", sorted(PROCESSORS))
def test_nothing_that_can_be_used_is_one_line(folder: Path, modality: str) -> None:
    with pytest.raises(WrongUse, match=r"^none of 2 files is a .* that can be used; .*/g\.bin: [^\n]*$"):
        read_items([str(folder / "g.bin"), str(folder / "gone.csv")], PROCESSORS[modality])
    with pytest.raises(WrongUse, match=r"^/.*gone\.csv: no such file$"):
        read_items([str(folder / "gone.csv")], PROCESSORS[modality])


def test_rows_of_a_table_are_predicted_and_a_missing_column_is_told(tmp_path: Path, capsys) -> None:
    target = Target.of(ROWS, ["old" if row["age"] > 9 else "new" for row in ROWS], modality="tabular", name="ages")
    predictor = Scratch(epochs=1).fit((), target, Run())
    saved.save(predictor, tmp_path / "model")
    table = tmp_path / "new.csv"
    table.write_text("town\nUlm\nRom\n", encoding="utf-8")
    assert main(["predict", str(tmp_path / "model"), str(table), str(tmp_path / "gone.csv"), "--quiet"]) == 0
    said = capsys.readouterr()
    rows = list(csv.DictReader(said.out.splitlines()))
    assert [row["file"] for row in rows] == [f"{table} row 2", f"{table} row 3"]
    assert {row["label"] for row in rows} <= {"old", "new"}
    assert "note: 1 of its 2 columns say nothing in this table: 'age'" in said.err
    assert f"unreadable: {tmp_path / 'gone.csv'}: no such file" in said.err


def test_values_not_seen_in_training_are_told_beside_predictions_in_json(tmp_path: Path, capsys) -> None:
    rows = [{"age": float(i), "town": "pq"[i % 2]} for i in range(24)]
    target = Target.of(rows, ["old" if row["age"] > 11 else "new" for row in rows], modality="tabular", name="ages")
    saved.save(Scratch(epochs=1).fit((), target, Run()), tmp_path / "model")
    table = tmp_path / "new.csv"
    table.write_text("age,town\n3,x\n4,y\n15,p\n", encoding="utf-8")
    assert main(["predict", str(tmp_path / "model"), str(table), "--quiet", "--json"]) == 0
    said = capsys.readouterr()
    assert len(json.loads(said.out)["predictions"]) == 3
    assert said.err.splitlines() == [
        "note: column 'town': 2 of 3 rows hold values not seen in training, or too rarely ('x', 'y'); all that is unknown "
        "counts as the same value"
    ]


def test_a_model_that_looks_at_nothing_is_refused_in_one_line(tiny_target: Target, tmp_path: Path, capsys) -> None:
    saved.save(Majority().fit((), tiny_target, Run()), tmp_path / "model")
    assert main(["predict", str(tmp_path / "model"), "a.png"]) == 2
    assert "looks at no item" in capsys.readouterr().err
