"""Tabular: rows of any table as items, the column to predict, and what is left out of them."""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from transferkit.core.errors import WrongUse
from transferkit.core.format import ReadOptions
from transferkit.core.recognise import opened, recognise_format
from transferkit.core.target import Target
from transferkit.data import gathered
from transferkit.data.rows import Rows
from transferkit.data.tabular import Tabular, rows_in_memory
from transferkit.sources.processors.cells import CellsProcessor
from transferkit.tasks.classify import Classify
from transferkit.tasks.regress import Regress

NOTHING = ReadOptions()


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def patients(n: int = 24) -> str:
    lines = ["number,age,sex,seen,note,always,empty,sick"]
    for i in range(n):
        seen = f"2011-0{1 + i % 9}-05"
        lines.append(
            f"{i + 1},{30 + i * 7 % 40},{'mf'[i % 2]},{seen},{'?' if i % 3 else 'ok'},yes,,{'no' if i % 4 else 'yes'}"
        )
    return "\n".join(lines) + "\n"


def test_rows_become_items_of_numbers_words_and_gaps(tmp_path: Path) -> None:
    reading = Tabular().read(write(tmp_path / "a.csv", patients()), NOTHING)
    assert reading.modality == "tabular"
    assert reading.labelled.items[1] == {"age": 37.0, "sex": "f", "seen": "2011-02-05", "note": None, "always": "yes"}
    assert reading.labelled.labels is not None
    assert set(reading.labelled.labels) == {"yes", "no"}
    assert reading.labelled.names[0] == "a.csv row 2"


def test_what_cannot_help_is_left_out_and_told(tmp_path: Path) -> None:
    reading = Tabular().read(write(tmp_path / "a.csv", patients()), NOTHING)
    assert "left out, for it counts the rows: column 'number'" in reading.notes
    assert any("column 'always' says the same in every row: it is kept" in line for line in reading.notes)
    assert "left out, for it says nothing: column 'empty'" in reading.notes
    assert any(
        "the last column, 'sick', is predicted; name another with --label-column" in line for line in reading.notes
    )


def test_the_same_table_in_another_format_gives_the_same_ids(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", patients())
    frame = pd.read_csv(path)
    frame.to_parquet(tmp_path / "a.parquet")
    lines = [json.dumps(row) for row in frame.replace({np.nan: None}).to_dict("records")]
    write(tmp_path / "a.jsonl", "\n".join(lines))
    shuffled = write(tmp_path / "b.csv", frame[["sick", *frame.columns[:-1]]].to_csv(index=False))
    ids = [Tabular().read(tmp_path / name, NOTHING).labelled.ids for name in ("a.csv", "a.parquet", "a.jsonl")]
    assert ids[0] == ids[1] == ids[2]
    assert Tabular().read(shuffled, ReadOptions(label_column="sick")).labelled.ids == ids[0]


def test_a_file_without_a_header_is_told_by_its_first_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "".join(f"A{i % 3},{i},{i / 2},good\nA1,{i},1.5,bad\n" for i in range(12)))
    reading = Tabular().read(path, NOTHING)
    assert len(reading.labelled) == 24
    assert list(reading.labelled.items[0]) == ["column_1", "column_2", "column_3"]
    assert any("no header" in line and "column_4 is predicted" in line for line in reading.notes)


def test_a_file_of_blanks_and_numbers_is_a_table(tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", "".join(f" {i}  {i * i}   {i / 7:.3f}  \n" for i in range(30)))
    assert isinstance(recognise_format(path), Tabular)
    assert len(Tabular().read(path, NOTHING).labelled) == 30


def test_a_plain_text_is_no_table(tmp_path: Path) -> None:
    assert not Tabular().recognises(write(tmp_path / "a.txt", "Once upon a time\nthere was a table.\n"), NOTHING)


def test_a_column_called_weight_is_a_quantity_unless_it_is_named(tmp_path: Path) -> None:
    body = "".join(f"{60 + i},{170 + i % 5}.5,{'ab'[i % 2]}\n" for i in range(8))
    path = write(tmp_path / "a.csv", "weight,height,label\n" + body)
    assert Tabular().read(path, NOTHING).labelled.weights is None
    named = Tabular().read(path, ReadOptions(weight_column="weight")).labelled
    assert named.weights is not None
    assert list(named.items[0]) == ["height"]


def test_splits_and_groups_are_the_owners(tmp_path: Path) -> None:
    body = "".join(f"{i * 1.5},{'train' if i < 20 else 'test'},p{i // 2},{'ab'[i % 2]}\n" for i in range(30))
    target = Target.read(write(tmp_path / "a.csv", "x,split,patient,label\n" + body))
    assert len(target.test) == 10
    assert target.train.groups is not None
    assert set(target.train.items[0]) == {"x"}


def test_one_column_leaves_nothing_to_predict_from(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=r"no column is left to predict 'y' from \(its one column 'y'"):
        Tabular().read(write(tmp_path / "a.csv", "y\n1\n2\n3\n"), NOTHING)
    with pytest.raises(WrongUse, match="column 'x' says the same in every row"):
        Tabular().read(write(tmp_path / "b.csv", "x,y\n1,a\n1,b\n1,a\n"), NOTHING)


def test_words_among_numbers_count_as_missing_and_are_told(tmp_path: Path) -> None:
    body = "".join(f"{i / 3:.2f},{'ab'[i % 2]}\n" for i in range(40))
    reading = Tabular().read(write(tmp_path / "a.csv", f"x,label\n{body}high,a\n"), NOTHING)
    assert reading.labelled.items[40] == {"x": None}
    assert any("'high' in a.csv row 42" in line for line in reading.notes)


def test_a_named_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="did you mean 'sick'"):
        Tabular().read(write(tmp_path / "a.csv", patients()), ReadOptions(label_column="sik"))


def test_tables_in_memory_are_the_same_rows() -> None:
    frame = pd.DataFrame({"age": [63.0, np.nan], "sex": ["m", None], "seen": pd.to_datetime(["2011-01-01", None])})
    rows = rows_in_memory(frame)
    assert rows is not None
    assert list(rows) == [
        {"age": 63.0, "sex": "m", "seen": "2011-01-01T00:00:00"},
        {"age": None, "sex": None, "seen": None},
    ]
    mappings = rows_in_memory([{"age": 63, "sex": "m"}, {"age": None}])
    assert mappings is not None
    assert mappings[1] == {"age": None, "sex": None}
    array = rows_in_memory(np.array([[1.0, np.nan]]))
    assert array is not None
    assert array[0] == {"column_1": 1.0, "column_2": None}
    assert rows_in_memory(["a text"]) is None
    assert rows_in_memory(np.zeros((2, 3, 3))) is None


def test_a_target_of_rows_in_memory_tells_its_modality() -> None:
    draw = np.random.default_rng(0)
    target = Target.of(pd.DataFrame(draw.normal(size=(40, 3)), columns=list("abc")), draw.normal(size=40))
    assert target.modality == "tabular"
    assert isinstance(target.task, Regress)


def test_rows_hold_no_more_than_their_columns() -> None:
    rows = Rows.of({"x": [str(i) for i in range(1000)], "word": [f"level {i % 3}" for i in range(1000)]})
    assert rows.columns["x"].values.nbytes == 8000
    assert rows.columns["word"].values.nbytes == 4000
    assert rows.columns["word"].words == ("level 0", "level 1", "level 2")
    assert [row["x"] for row in rows[3:5]] == [3.0, 4.0]


def test_real_tables_are_read(shared_data: Path) -> None:
    heart = Target.read(shared_data / "uci_heart" / "processed.hungarian.data")
    assert heart.task == Classify(("0", "1"))
    assert heart.train.items[0].keys() >= {"age", "thal"}
    german = Target.read(shared_data / "uci_german_credit" / "german.csv")
    assert len(german.train) + len(german.validation) + len(german.test) == 1000
    day = Target.read(shared_data / "uci_bike_sharing" / "day.csv")
    assert isinstance(day.task, Regress)
    assert any("column 'instant'" in line for line in day.warnings)
    wine = Target.read(shared_data / "uci_wine_quality" / "winequality-red.csv", task="regress")
    assert isinstance(wine.task, Regress)


def test_the_last_column_is_not_predicted_where_it_says_something_else(tmp_path: Path) -> None:
    rows = "".join(f"{i * 7 % 13},{'yn'[i % 2]},{'test' if i % 3 else 'train'}\n" for i in range(30))
    path = write(tmp_path / "a.csv", "age,sick,split\n" + rows)
    reading = Tabular().read(path, NOTHING)
    assert set(reading.labelled.labels or ()) == {"y", "n"}
    assert reading.notes[0] == "the last column, 'sick', is predicted; name another with --label-column"
    with pytest.raises(WrongUse, match="no column is left to predict beside 'group', 'split'"):
        Tabular().read(write(tmp_path / "b.csv", "group,split\na,train\nb,test\n"), NOTHING)


def test_a_column_that_is_named_for_one_thing_is_nothing_else(tmp_path: Path) -> None:
    rows = "".join(f"{i},{'ab'[i % 2]},{i % 5}\n" for i in range(0, 60, 2))
    path = write(tmp_path / "a.csv", "age,subject,class\n" + rows.replace("a,", "b,", 3))
    by_subject = Tabular().read(path, ReadOptions(label_column="subject"))
    assert by_subject.labelled.groups is None
    grouped_by_class = Tabular().read(path, ReadOptions(group_column="class"))
    assert grouped_by_class.labelled.labels is not None
    assert "class" not in grouped_by_class.labelled.items[0]


def test_two_columns_of_one_name_are_one_line() -> None:
    with pytest.raises(WrongUse, match="two columns are called 'x'"):
        rows_in_memory(pd.DataFrame(np.zeros((4, 2)), columns=["x", "x"]))


def test_infinite_cells_count_as_missing_among_numbers_and_are_told(tmp_path: Path) -> None:
    rows = "".join(f"{'inf' if i % 5 == 0 else i * 1.5},{'ab'[i % 2]}\n" for i in range(30))
    reading = Tabular().read(write(tmp_path / "a.csv", "x,label\n" + rows), NOTHING)
    assert reading.labelled.items[0] == {"x": None}
    assert reading.labelled.items[1] == {"x": 1.5}
    assert any("column 'x' is of numbers; 6 of its cells are none" in line for line in reading.notes)


def test_files_of_rows_and_rows_cannot_be_mixed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", patients())
    with pytest.raises(WrongUse, match="hold many items each"):
        opened([path, {"age": 3}], "tabular")


def test_a_model_that_was_fitted_with_a_column_that_never_varies_here_is_given_it(tmp_path: Path) -> None:
    rows = Tabular().read(write(tmp_path / "a.csv", patients()), NOTHING).labelled.items
    _, words = CellsProcessor(names=("always",), count=1)([rows[0]])
    assert bytes(words[0, 0].tolist()).rstrip(bytes(1)) == b"yes"


def test_every_row_to_predict_is_an_item_even_an_empty_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "age,sex\n63,m\n,\n37,f\n")
    assert list(Tabular().items([path]) or ()) == [
        {"age": 63.0, "sex": "m"},
        {"age": None, "sex": None},
        {"age": 37.0, "sex": "f"},
    ]


def test_a_large_table_of_numbers_takes_eight_bytes_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathered, "HELD", 2**16)
    rows = np.random.default_rng(0).normal(size=(20_000, 10)).round(6)
    file = tmp_path / "numbers.csv"
    names = ",".join(f"c{i}" for i in range(10))
    np.savetxt(file, np.c_[rows, np.arange(20_000) % 2], fmt="%g", delimiter=",", header=f"{names},label", comments="")
    tracemalloc.start()
    try:
        reading = Tabular().read(file, ReadOptions(label_column="label"))
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    np.testing.assert_allclose([row["c3"] for row in reading.labelled.items[:50]], rows[:50, 3], rtol=1e-5)
    assert held < 1.5 * rows.nbytes + 20_000 * 64  # ids, names, labels and places beside the numbers
    assert peak < 3 * rows.nbytes + 20_000 * 64  # as lists of Python's numbers or words they would be 10 times as much
