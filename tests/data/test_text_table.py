"""A table of texts is told from other tables, and read with splits, groups and what cannot be used."""

import csv
import random

import pytest

from transferkit.core.errors import WrongUse
from transferkit.core.format import ReadOptions
from transferkit.core.recognise import recognise_format
from transferkit.core.target import Target
from transferkit.data.text_table import TextTable

SENTENCES = [
    "the film is a joy from start to end",
    "a dull and pointless exercise in style",
    "great battery, poor screen",
    "I would not buy this phone again",
    "warm, funny and a little sad",
    "nothing in it works as it should",
]


@pytest.fixture
def table(tmp_path):
    def write(header, rows, name="t.csv", encoding="utf-8"):
        path = tmp_path / name
        with path.open("w", encoding=encoding, newline="") as file:
            csv.writer(file, delimiter="\t" if name.endswith(".tsv") else ",").writerows([header, *rows])
        return path

    return write


def read(path, **options):
    return TextTable().read(path, ReadOptions(**options))


def is_text(path, **options):
    return TextTable().recognises(path, ReadOptions(**options))


def test_a_table_of_texts_and_labels_is_recognised_and_read(table):
    path = table(["sentiment", "review"], [(i % 2, text) for i, text in enumerate(SENTENCES)])
    assert type(recognise_format(path, ReadOptions())) is TextTable
    reading = read(path)
    assert reading.modality == "text"
    assert list(reading.labelled.items) == SENTENCES
    assert reading.labelled.labels == ("0", "1") * 3
    assert reading.labelled.names[0] == "t.csv row 2"


def test_texts_beside_many_other_columns_are_not_the_content(table):
    names = ["Braund, Mr. Owen Harris", "Heikkinen, Miss. Laina", "Allen, Mr. William Henry", "Moran, Mr. James"]
    passengers = [(i % 2, name, 22 + i, 7.25, i, 1, 3, 0) for i, name in enumerate(names)]
    assert not is_text(table(["survived", "name", "age", "fare", "siblings", "parents", "cabin", "port"], passengers))
    reviews = [(i % 2, text, 9.99, "2020-01-01") for i, text in enumerate(SENTENCES)]
    assert is_text(table(["label", "review", "price", "day"], reviews))


def test_categories_paths_and_numbers_are_no_texts(table):
    assert not is_text(table(["colour", "label"], [("dark red", 1), ("light blue", 0)] * 5))
    assert not is_text(table(["x", "label"], [(f"{i}.5", i % 2) for i in range(6)]))
    assert not is_text(table(["image", "label"], [(f"a{i}.png", i % 2) for i in range(6)]))


def test_a_named_column_decides(table):
    path = table(["word", "label"], [("yes", 1), ("no", 0)])
    assert not is_text(path)
    assert is_text(path, text_column="word")
    assert list(read(path, text_column="word").labelled.items) == ["yes", "no"]
    assert not is_text(table(["text", "label", "image"], [(t, 1, "a.png") for t in SENTENCES]), image_column="image")


def test_chinese_texts_without_spaces_are_texts(shared_data):
    path = shared_data / "chinese_sentiment" / "ChnSentiCorp_htl_all.csv"
    assert type(recognise_format(path, ReadOptions())) is TextTable
    reading = read(path)
    assert len(reading.labelled) == 7765
    assert [(s.name, s.reason) for s in reading.skipped] == [("ChnSentiCorp_htl_all.csv row 6376", "the text is empty")]
    assert reading.notes == ()


def test_real_reviews_in_latin_1_become_a_target(shared_data, tmp_path):
    raw = (shared_data / "sentence_classification" / "custrev.all").read_bytes().decode("latin-1")
    rows = [line.partition(" ")[::2] for line in raw.split("\n") if line]
    path = tmp_path / "reviews.csv"
    with path.open("w", encoding="latin-1", newline="") as file:
        csv.writer(file).writerows([("label", "text"), *rows])
    target = Target.read(path, options=ReadOptions(encoding="latin-1"))
    kept = sum(1 for _, text in rows if text.strip())
    assert len(target.train) + len(target.validation) + len(target.test) == kept
    assert len(target.skipped) == len(rows) - kept == 4
    assert target.task.describe()["classes"] == ["0", "1"]


def test_an_empty_text_is_left_out_and_an_empty_label_is_unlabelled(table):
    reading = read(table(["text", "label"], [*zip(SENTENCES, "ababa", strict=False), ("  ", "a"), (SENTENCES[5], "")]))
    assert [skipped.name for skipped in reading.skipped] == ["t.csv row 7"]
    assert list(reading.unlabelled.items) == [SENTENCES[5]]


def test_nothing_but_empty_texts_is_one_line(table):
    with pytest.raises(WrongUse, match="every text in column 'text' is empty"):
        read(table(["text", "label"], [("", "a"), (" ", "b")]), text_column="text")


def test_splits_groups_and_weights_are_kept(table):
    rows = [(text, "ab"[i % 2], ["train", "dev", "test"][i % 3], f"p{i // 2}", i) for i, text in enumerate(SENTENCES)]
    reading = read(table(["text", "label", "split", "patient", "weight"], rows))
    assert reading.splits == ("train", "validation", "test") * 2
    assert reading.labelled.groups == ("p0", "p0", "p1", "p1", "p2", "p2")
    assert reading.labelled.weights.tolist() == [0, 1, 2, 3, 4, 5]


def test_no_group_straddles_the_sealed_split(table):
    draw = random.Random(0)
    words = ["good", "bad", "film", "phone", "day", "night", "red", "blue"]
    rows = [(" ".join(draw.choices(words, k=9)) + f" {i}", "ab"[i % 2], f"author {i % 20}") for i in range(200)]
    target = Target.read(table(["text", "label", "group"], rows))
    sealed = target.test.open("this test")
    assert len(sealed)
    assert set(sealed.groups).isdisjoint({*target.train.groups, *target.validation.groups})


def test_the_same_text_in_two_splits_is_told(table):
    rows = [(text, "ab"[i % 2], "train") for i, text in enumerate(SENTENCES)] + [(f" {SENTENCES[0]} ", "a", "test")]
    target = Target.read(table(["text", "label", "split"], rows))
    assert any(line.startswith("leakage: 1 item of test is also in") for line in target.warnings)


def test_texts_in_several_scripts_are_told(table):
    rows = [(text, "ab"[i % 2]) for i, text in enumerate([*SENTENCES, "房间很大，很舒服", "Очень хороший фильм"])]
    (note,) = read(table(["text", "label"], rows), text_column="text").notes
    assert note.startswith("the texts are in several scripts (75% Latin, 12% Chinese, 12% Cyrillic)")


def test_a_second_column_of_texts_is_told(table):
    rows = [(SENTENCES[i - 1], text, "ab"[i % 2]) for i, text in enumerate(SENTENCES)]
    reading = read(table(["title", "review", "label"], rows))
    assert list(reading.labelled.items) == SENTENCES
    assert reading.notes == ("column 'review' is read as the text, not 'title'; --text-column names another",)


@pytest.mark.parametrize("name", ["t.tsv", "t.csv"])
def test_a_column_that_is_not_there_is_one_line(name, table):
    path = table(["text", "label"], [(text, "a") for text in SENTENCES], name)
    with pytest.raises(WrongUse, match=rf"unknown column of {name} 'txt'; did you mean 'text'"):
        read(path, text_column="txt")
