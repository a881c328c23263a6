"""Tables are read whatever separates their cells and encodes their letters; a broken row is named."""

import csv
import json
import tracemalloc

import pytest

from transferkit.core.errors import WrongUse
from transferkit.data.table import read_table


@pytest.fixture
def table(tmp_path):
    def write(content, name="t.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write


@pytest.mark.parametrize(
    ("name", "separator"), [("t.csv", ","), ("t.csv", ";"), ("t.csv", "\t"), ("t.tsv", "\t")], ids=str
)
def test_cells_may_be_separated_by_commas_semicolons_or_tabs(name, separator, table):
    path = table(f'text{separator}label\n"one{separator} ""two"""{separator}yes\n', name)
    assert read_table(path).columns == {"text": [f'one{separator} "two"'], "label": ["yes"]}


def test_a_cell_may_hold_lines_and_rows_are_counted_as_in_an_editor(table):
    found = read_table(table('text,label\n"one\ntwo",a\nthree,b\n'))
    assert found.columns["text"] == ["one\ntwo", "three"]
    assert list(found.rows) == [2, 4]


def test_a_row_with_other_cells_than_the_header_is_named(table):
    with pytest.raises(WrongUse, match=r"t\.csv row 3: 3 cells where the header names 2"):
        read_table(table("text,label\none,a\ntwo,b,c\n"))


def test_a_quote_that_is_never_closed_names_its_row(table):
    with pytest.raises(WrongUse, match=r"t\.csv row 3: 1 cells where .*; a quote may be left open there"):
        read_table(table('text,label\none,a\n"two,b\nthree,c\n'))


def test_a_text_as_long_as_a_book_is_read(table):
    before = csv.field_size_limit()
    long = "word " * 60_000
    assert len(long) > before or before > 131_072
    assert read_table(table(f"text,label\n{long},a\n")).columns["text"] == [long]


def test_a_guessed_encoding_is_noted_and_a_declared_one_is_used(table):
    path = table("text,label\nun café très bon et pas cher à l'entrée,1\n", encoding="cp1252")
    found = read_table(path)
    assert found.columns["text"] == ["un café très bon et pas cher à l'entrée"]
    assert found.notes == ("t.csv: not UTF-8, read as cp1252; if letters look wrong, name its --encoding",)
    assert read_table(path, "latin-1").notes == ()


def test_letters_beyond_what_was_looked_at_do_not_spoil_the_first_rows(table, monkeypatch):
    monkeypatch.setattr("transferkit.data.table._PEEKED_BYTES", 20)
    path = table("text,label\n" + "plain,a\n" * 2 + "café très bon à l'entrée,b\n" * 3, encoding="cp1252")
    assert read_table(path, most=5).columns["text"][-1] == "café très bon à l'entrée"


def test_json_lines_in_utf_16_are_read(table):
    path = table('{"text": "naïve"}\n{"text": "很好"}\n', "t.jsonl", "utf-16")
    assert read_table(path).columns["text"] == ["naïve", "很好"]


def test_a_quote_that_swallows_the_rows_below_into_the_last_cell_names_its_row(table):
    rows = "".join(f"a,row {i}\n" for i in range(80))
    with pytest.raises(WrongUse, match=r"t\.csv row 82: a quote is opened there and never closed"):
        read_table(table(f'label,text\n{rows}b,"two\n{rows}'))
    assert list(read_table(table('label,text\na,"one\ntwo"\nb,three')).rows) == [2, 4]


@pytest.mark.parametrize("line", ["[" * 100_000, '{"a": ' + "9" * 5000 + "}"], ids=["deep", "long number"])
def test_json_that_python_refuses_is_one_line(line, table):
    with pytest.raises(WrongUse, match=r"t\.jsonl row 2: not JSON \("):
        read_table(table('{"a": 1}\n' + line + "\n", "t.jsonl"))


def test_rows_of_empty_cells_are_left_out_and_told_or_kept_in_their_place(table):
    path = table("age,sex\n63,m\n,\n37,f\n , \n\n")
    found = read_table(path)
    assert list(found.rows) == [2, 4]
    assert found.notes == ("2 rows of t.csv are left out, for their cells are all empty: 3, 5",)
    kept = read_table(path, with_empty_rows=True)
    assert list(kept.rows) == [2, 3, 4, 5]
    assert kept.columns["age"] == ["63", "", "37", ""]
    assert kept.notes == ()


def test_one_empty_row_is_named(table):
    assert read_table(table("a,b\n1,2\n,\n")).notes == ("t.csv row 3 is left out: its cells are all empty",)


LONG = [f"{i} ".ljust(40_000, "x") for i in range(300)]


@pytest.fixture
def long_table(tmp_path, request):
    from pyarrow import parquet
    from pyarrow import table as of

    path = tmp_path / f"t{request.param}"
    if request.param == ".parquet":
        parquet.write_table(of({"text": LONG, "label": list(range(300))}), path)
    elif request.param == ".jsonl":
        path.write_text("".join(json.dumps({"text": text, "label": i}) + "\n" for i, text in enumerate(LONG)))
    else:
        path.write_text("text,label\n" + "".join(f"{text},{i}\n" for i, text in enumerate(LONG)))
    return path


@pytest.mark.parametrize("long_table", [".csv", ".jsonl", ".parquet"], indirect=True)
def test_long_texts_are_not_all_in_memory_at_once(long_table, monkeypatch):
    monkeypatch.setattr("transferkit.data.gathered.HELD", 2**16)
    monkeypatch.setattr("transferkit.data.table._MOST_CHARACTERS", 2**18)
    read_table(long_table, most=1)  # what is imported for it is not of the table
    tracemalloc.start()
    try:
        found = read_table(long_table)
        assert tracemalloc.get_traced_memory()[1] < sum(map(len, LONG)) / 3
    finally:
        tracemalloc.stop()
    assert list(found.columns["text"]) == LONG
    assert [int(label) for label in found.columns["label"]] == list(range(300))
    assert len(found.rows) == 300


def test_a_column_that_begins_later_has_gaps_before(table, monkeypatch):
    monkeypatch.setattr("transferkit.data.table._MOST_ROWS", 2)
    found = read_table(table('{"a": 1}\n{"a": 2}\n{"a": 3}\n{"b": "x"}\n{"a": 5}\n', "t.jsonl"))
    assert found.columns == {"a": [1, 2, 3, None, 5], "b": [None, None, None, "x", None]}
