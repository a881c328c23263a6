"""A folder of text files per class is read; files that are no text are listed."""

import pytest

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.format import ReadOptions
from transferkit.core.recognise import opened, recognise_format
from transferkit.core.target import Target
from transferkit.data.text import held, is_text_file
from transferkit.data.text_folder import TextFolder


@pytest.fixture
def put(tmp_path):
    def make(files):
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return make


def read(path, **options):
    return TextFolder().read(path, ReadOptions(**options))


def test_text_files_in_class_folders_are_read_with_their_splits(put):
    folder = put({"train/ham/a.txt": "see you soon\n", "train/spam/b.md": "buy now", "test/ham/c.TXT": "fine"})
    put({"train/unlabelled/d.txt": "who knows"})
    assert type(recognise_format(folder, ReadOptions())) is TextFolder
    reading = read(folder)
    assert list(reading.labelled.items) == ["fine", "see you soon", "buy now"]
    assert reading.labelled.labels == ("ham", "ham", "spam")
    assert reading.splits == ("test", "train", "train")
    assert list(reading.unlabelled.items) == ["who knows"]


def test_what_is_no_text_is_listed(put):
    reading = read(
        put(
            {
                "ham/a.txt": "fine",
                "ham/b.txt": " \n",
                "ham/c.txt": b"PK\x00\x01",
                "spam/d.txt": "buy",
                "spam/e.pdf": "x",
                "f.txt": "loose",
            }
        )
    )
    assert {skipped.name: skipped.reason for skipped in reading.skipped} == {
        "ham/b.txt": "the text is empty",
        "ham/c.txt": "a zero byte (byte 2), so this is not text",
        "spam/e.pdf": "not a text file (.md, .text, .txt are read)",
        "f.txt": "lies in no class folder",
    }
    assert len(reading.labelled) == 2


def test_the_encoding_is_guessed_from_all_files_together(put):
    latin = {f"ham/{i}.txt": f"un café n° {i} très bon à l'entrée".encode("cp1252") for i in range(4)}
    reading = read(put({**latin, "spam/a.txt": "naïve", "spam/b.txt": "é".encode("cp1252")}))
    assert list(reading.labelled.items)[-2:] == ["naïve", "é"]
    assert reading.labelled.items[0] == "un café n° 0 très bon à l'entrée"
    assert reading.notes == (
        "ham/0.txt (and 4 more): not UTF-8, read as cp1252; if letters look wrong, name its --encoding",
    )


def test_a_declared_encoding_is_used_and_what_does_not_fit_is_listed(put):
    folder = put({"ham/a.txt": "тест".encode("cp1251"), "spam/b.txt": "да".encode("cp1251")})
    assert list(read(folder, encoding="cp1251").labelled.items) == ["тест", "да"]
    put({"spam/c.txt": "yes"})
    reading = read(folder, encoding="ascii")
    assert [skipped.reason for skipped in reading.skipped] == [
        "not ascii text (byte 0); name its --encoding",
        "not ascii text (byte 0); name its --encoding",
    ]
    with pytest.raises(WrongUse, match="unknown encoding 'cp99999'"):
        read(folder, encoding="cp99999")


def test_a_logo_among_letters_makes_no_folder_of_pictures(put):
    texts = {f"ham/{i}.txt": f"letter {i}" for i in range(20)}
    assert type(recognise_format(put({**texts, "spam/a.txt": "buy", "spam/logo.png": b"\x89PNG"}))) is TextFolder


def test_texts_in_memory_are_recognised(put):
    target = Target.of(
        [f"{word} film {i}" for i in range(20) for word in ("good", "bad")] + ["fine"], ["y", "n"] * 20 + [None]
    )
    assert target.modality == "text"
    assert len(target.unlabelled) == 1


def test_equal_texts_are_equal_items():
    assert held([" same\n", "same"]).ids == held(["same", "same"]).ids
    assert held(["a"]).ids != held(["b"]).ids


def test_an_empty_text_in_memory_is_one_line():
    with pytest.raises(WrongUse, match="item 1 is an empty text"):
        held(["good", " "])


def test_paths_given_as_texts_are_refused(put):
    folder = put({"a.txt": "good", "b.txt": "bad"})
    with pytest.raises(WrongUse, match=r"a\.txt' is the path of a file; read a folder with Target\.read"):
        Target.of([str(folder / "a.txt"), str(folder / "b.txt")], ["y", "n"])


def test_to_predict_on_paths_are_files_and_words_are_texts(put):
    folder = put({"a.txt": "from a file", "my letter.txt": "from another"})
    found = opened(
        [
            str(folder / "a.txt"),
            "a good film",
            folder / "my letter.txt",
            "I wrote letter.txt",
            str(folder / "my letter.txt"),
        ],
        "text",
    )
    assert list(found) == ["from a file", "a good film", "from another", "I wrote letter.txt", "from another"]
    assert opened(["good", "bad"], "text") == ["good", "bad"]


def test_a_text_that_is_too_long_for_a_name_in_bytes_alone_is_a_text():
    """100 Chinese characters are 300 bytes: a disk would refuse even to be asked for such a name."""
    texts = [f"{'房间很好服务周到早餐' * 10}{i}" for i in range(4)]
    assert len(held(texts)) == 4


def test_a_missing_file_is_not_taken_for_a_text():
    assert is_text_file("no/such.txt")
    with pytest.raises(Failed, match=r"no/such\.txt: no such file"):
        opened(["no/such.txt"], "text")[0]


def test_lazy_items_are_not_looked_at():
    class Untouchable(list):
        def __getitem__(self, index):
            raise AssertionError("an item was read")

    from transferkit.core.examples import Chosen

    lazy = Chosen(Untouchable(["a.txt"]), [0])
    assert opened(lazy, "text") is lazy
