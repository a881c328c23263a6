"""A table of picture paths and labels, of every kind and with everything that can be wrong."""

import json
import re

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import parquet

from transferkit.core.errors import WrongUse
from transferkit.core.format import ReadOptions
from transferkit.core.target import Target
from transferkit.data.image_table import ImageTable

ROWS = [{"image": f"img/{i}.png", "label": "cat" if i % 2 else "dog"} for i in range(8)]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "img").mkdir()
    for i in range(8):
        Image.fromarray(np.random.default_rng(i).integers(0, 256, (6, 6), dtype=np.uint8)).save(
            tmp_path / f"img/{i}.png"
        )
    return tmp_path


def text(rows, separator=","):
    lines = [list(rows[0])] + [["" if cell is None else str(cell) for cell in row.values()] for row in rows]
    return "\n".join(separator.join(line) for line in lines) + "\n"


def write(folder, rows, kind="csv"):
    path = folder / f"labels.{kind}"
    if kind == "parquet":
        parquet.write_table(pa.Table.from_pylist(rows), path)
    elif kind == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in rows))
    else:
        path.write_text(text(rows, "\t" if kind == "tsv" else ","))
    return path


def read(path, **options):
    return ImageTable().read(path, ReadOptions(**options))


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet"])
def test_every_kind_of_table_gives_the_same_examples(folder, kind):
    path = write(folder, ROWS, kind)
    assert ImageTable().recognises(path, ReadOptions())
    reading = read(path)
    assert reading.labelled.names == tuple(row["image"] for row in ROWS)
    assert reading.labelled.labels == tuple(row["label"] for row in ROWS)
    assert reading.splits is None
    assert reading.skipped == ()
    assert reading.labelled.items[3].size == (6, 6)


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet"])
def test_split_group_and_weight_columns_are_found(folder, kind):
    rows = [
        row | {"split": "test" if i > 5 else "train", "group": f"g{i // 2}", "weight": i / 2}
        for i, row in enumerate(ROWS)
    ]
    reading = read(write(folder, rows, kind))
    assert reading.splits == ("train",) * 6 + ("test",) * 2
    assert reading.labelled.groups == ("g0", "g0", "g1", "g1", "g2", "g2", "g3", "g3")
    assert reading.labelled.weights.tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]


def test_columns_are_found_by_content(folder):
    rows = [{"id": i, "where": row["image"], "what": row["label"]} for i, row in enumerate(ROWS)]
    reading = read(write(folder, rows), label_column="what")
    assert reading.labelled.names[0] == "img/0.png"
    two = [{"where": row["image"], "what": row["label"]} for row in ROWS]
    assert read(write(folder, two)).labelled.labels[0] == "dog"


def test_files_without_an_ending_are_found_beside_the_table(folder):
    for i in range(8):
        (folder / f"img/{i}.png").rename(folder / f"img/{i}")
    rows = [{"a": f"img/{i}", "b": row["label"]} for i, row in enumerate(ROWS)]
    assert len(read(write(folder, rows)).labelled) == 8


def test_named_columns_go_first(folder):
    rows = [row | {"label": "x", "truth": row["label"], "s": "val", "g": "g", "w": 2} for row in ROWS]
    options = {"label_column": "truth", "split_column": "s", "group_column": "g", "weight_column": "w"}
    reading = read(write(folder, rows), image_column="image", **options)
    assert set(reading.labelled.labels) == {"cat", "dog"}
    assert set(reading.splits) == {"validation"}
    assert set(reading.labelled.groups) == {"g"}
    assert set(reading.labelled.weights) == {2.0}


def test_a_spreadsheet_with_semicolons_and_a_byte_order_mark_is_read(folder):
    path = folder / "labels.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text(ROWS, ";").encode())
    assert len(read(path).labelled) == 8


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("nothing", [None, float("nan"), "", "  ", "NaN"])
def test_empty_and_nan_labels_mean_unlabelled(folder, kind, nothing):
    if kind == "parquet" and isinstance(nothing, float):
        nothing = None  # a column of words has nulls there
    rows = [row | {"label": nothing if i < 3 else row["label"]} for i, row in enumerate(ROWS)]
    reading = read(write(folder, rows, kind))
    assert len(reading.labelled) == 5
    assert reading.unlabelled.names == ("img/0.png", "img/1.png", "img/2.png")


def test_a_group_may_be_empty_and_so_may_a_weight(folder):
    rows = [row | {"group": "" if i < 2 else "g", "weight": ""} for i, row in enumerate(ROWS)]
    reading = read(write(folder, rows))
    assert len(set(reading.labelled.groups)) == 3
    assert set(reading.labelled.weights) == {1.0}


def test_missing_and_broken_files_are_listed_with_their_row(folder):
    (folder / "img/1.png").unlink()
    (folder / "img/2.png").write_bytes(b"")
    rows = [*ROWS, {"image": "", "label": "cat"}]
    reading = read(write(folder, rows))
    assert len(reading.labelled) == 6
    assert [(skipped.name, skipped.reason) for skipped in reading.skipped] == [
        ("labels.csv row 3 (img/1.png)", "no such file"),
        ("labels.csv row 4 (img/2.png)", "the file is empty"),
        ("labels.csv row 10", "the row names no file"),
    ]


def test_rows_are_counted_as_an_editor_shows_them(folder):
    path = folder / "labels.csv"
    path.write_text('image,label\n"img/0.png","a\nb"\n\nimg/gone.png,c\n')
    (skipped,) = read(path).skipped
    assert skipped.name == "labels.csv row 5 (img/gone.png)"


ONE = "image,label\nimg/0.png,cat\n"
WRONG = {
    "label column missing": (
        "image,a,b\nimg/0.png,1,2\n",
        "a column of labels was not found among 'image', 'a', 'b'; name it with --label-column",
    ),
    "image column missing": (
        "a,label\n1,cat\n",
        "a column of picture paths was not found among 'a', 'label'; name it with --image-column",
    ),
    "every file missing": (
        "image,label\nx/0.png,cat\n",
        "none of the 1 files in column 'image' can be used; paths are relative to .*no such file",
    ),
    "words among numbers": (
        "image,label\nimg/0.png,1\nimg/1.png,2\nimg/2.png,cat\n",
        r"labels mix numbers and words: '1' \(labels.csv row 2\) and 'cat' \(labels.csv row 4\)",
    ),
    "unknown split": (
        "image,label,split\nimg/0.png,cat,holdout\n",
        "row 2: split is 'holdout'; expected train, validation or test",
    ),
    "weight no number": (
        "image,label,weight\nimg/0.png,cat,much\n",
        "row 2: weight is 'much'; a weight is a number, 0 or more",
    ),
    "weight below zero": ("image,label,weight\nimg/0.png,cat,-1\n", "row 2: weight is '-1'"),
    "weight infinite": ("image,label,weight\nimg/0.png,cat,inf\n", "row 2: weight is 'inf'"),
    "too many cells": ("image,label\nimg/0.png,cat,1\n", "labels.csv row 2: 3 cells where the header names 2"),
    "a column twice": ("image,label,label\nimg/0.png,cat,dog\n", "two columns are called 'label'"),
    "no rows": ("image,label\n", "the table has no rows"),
    "nothing at all": ("", "the table has no rows"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_table_is_refused_in_one_line(folder, name):
    content, reason = WRONG[name]
    (folder / "labels.csv").write_text(content)
    with pytest.raises(WrongUse, match=reason) as refused:
        read(folder / "labels.csv")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("kind", ["image", "label", "split", "group", "weight"])
def test_a_named_column_that_is_not_there_is_refused(folder, kind):
    (folder / "labels.csv").write_text(ONE)
    with pytest.raises(WrongUse, match=r"unknown column of labels\.csv 'lable'; did you mean 'label'"):
        read(folder / "labels.csv", **{f"{kind}_column": "lable"})


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"image,label\nimg/0.png,\x00\n", "row 2 (byte 22): a zero byte, so this is not text"),
        ("a.jsonl", b'{"image": "img/0.png"\n', "row 1: not JSON"),
        ("a.jsonl", b"[1, 2]\n", "row 1: expected one JSON object a line, got list"),
        ("a.jsonl", b'{"image": "img/0.png", "label": "cat"}\n{"image": "img/1.png", "label": 3}\n', "labels mix"),
        ("a.jsonl", b'{"image": "img/0.png", "label": "a"}\n{"image": "img/1.png", "label": ["b"]}\n', "lists and words"),
        ("a.parquet", b"PAR1 not really", "not a readable Parquet file"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_its_ending_says_is_refused(folder, name, content, reason):
    (folder / name).write_bytes(content)
    with pytest.raises(WrongUse, match=re.escape(reason)) as refused:
        read(folder / name)
    assert "\n" not in str(refused.value)


def test_a_group_never_straddles_the_split_of_a_target(folder):
    rows = [row | {"group": f"g{i // 2}"} for i, row in enumerate(ROWS)]  # each group holds a cat and a dog
    target = Target.read(write(folder, rows))
    sides = [set(side.groups) for side in (target.train, target.validation, target.test.open("a test"))]
    assert sides[2]
    assert not (sides[0] | sides[1]) & sides[2]
    assert not sides[0] & sides[1]
