"""A text file is read in the encoding it is in, declared or not, and what is no text is refused with row and byte."""

import pytest

from transferkit.core.errors import WrongUse
from transferkit.data.encoding import encoding_of, guessed, telling_lines

SENTENCES = {
    "cp1252": "Très bon hôtel, le café était délicieux et le personnel agréable ; ça coûte 20 €",
    "cp1250": "Bardzo dobry film, żałuję że nie obejrzałem go wcześniej. Świetna gra aktorów",
    "cp1251": "Отличный фильм, очень понравился актёр и музыка; номер был грязный",
    "koi8_r": "Отличный фильм, очень понравился актёр и музыка; номер был грязный",
    "gb18030": "很快，好吃，味道足，量大。送餐快,态度也特别好,辛苦啦谢谢",
    "big5": "很快，好吃，味道足，量大。距離公路較近，但是交通指示不對，房間較為簡單",
    "shift_jis": "とても良いホテルでした。料理も美味しかったです。",
    "euc_jp": "とても良いホテルでした。料理も美味しかったです。",
}


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "a.csv"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("encoding", SENTENCES)
def test_an_undeclared_encoding_is_told_from_its_letters(encoding, written):
    text = f"{SENTENCES[encoding]}\n" * 5
    found = encoding_of(written(text.encode(encoding)), None)
    assert text.encode(encoding).decode(found.name) == text
    assert "not UTF-8, read as" in found.notes[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_is_read_without_a_guess(encoding, written):
    path = written("naïve 很好\n".encode(encoding))
    found = encoding_of(path, None)
    assert path.read_text(found.name) == "naïve 很好\n"
    assert found.notes == ()


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_a_byte_order_mark_tells_the_order_of_bytes(mark, written):
    content = mark + "naïve".encode("utf-16-le" if mark == b"\xff\xfe" else "utf-16-be")
    assert written(content).read_text(encoding_of(written(content), None).name) == "naïve"


def test_real_reviews_in_latin_1_are_read(shared_data, tmp_path):
    raw = (shared_data / "sentence_classification" / "rt-polarity.all").read_bytes()
    path = tmp_path / "reviews.csv"
    path.write_bytes(raw)
    text = raw.decode(encoding_of(path, None).name)
    assert "clichés" in text
    assert "amélie's" in text


def test_a_declared_encoding_is_taken_at_its_word(written):
    path = written("caf\u00e9".encode("latin-1"))
    assert encoding_of(path, "latin-1").name == "iso8859-1"
    assert encoding_of(path, "cp1251").name == "cp1251"
    assert encoding_of(path, "latin-1").notes == ()


@pytest.mark.parametrize("block", [None, 3])
def test_a_byte_that_does_not_fit_is_named_with_its_row(block, written, monkeypatch):
    if block:
        monkeypatch.setattr("transferkit.data.encoding._BLOCK", block)
    path = written("a,ä\nb,ö\nc,".encode() + b"\xff\nd,e\n")
    with pytest.raises(WrongUse, match=r"a\.csv row 3 \(byte 12\): not utf-8 text, as --encoding says"):
        encoding_of(path, "utf-8")


def test_a_letter_cut_off_at_the_end_is_named(written):
    with pytest.raises(WrongUse, match=r"row 2 \(byte 3\)"):
        encoding_of(written(b"ab\n" + "ä".encode()[:1]), "utf-8")


@pytest.mark.parametrize("declared", [None, "utf-8", "latin-1"])
def test_zero_bytes_are_no_text(declared, written):
    with pytest.raises(WrongUse, match=r"a\.csv row 2 \(byte 8\): a zero byte, so this is not text"):
        encoding_of(written(b"a,b\nc,d \x00\x01"), declared)


def test_an_unmarked_utf_16_file_is_read_where_that_is_declared(written):
    path = written("a,很\n".encode("utf-16-le"))
    assert path.read_text(encoding_of(path, "utf-16-le").name) == "a,很\n"


@pytest.mark.parametrize(
    ("name", "line"),
    [("latin1252", "unknown encoding 'latin1252'; did you mean"), ("base64", "base64 is no encoding of text")],
)
def test_an_encoding_nobody_knows_is_one_line(name, line, written):
    with pytest.raises(WrongUse, match=line) as error:
        encoding_of(written(b"a"), name)
    assert "\n" not in str(error.value)


def test_what_fits_no_encoding_asks_for_one(written, monkeypatch):
    monkeypatch.setattr("transferkit.data.encoding.guessed", lambda sample: None)
    with pytest.raises(
        WrongUse, match=r"row 2 \(byte 2\): not UTF-8 text, and what else cannot be told; name its --encoding"
    ):
        encoding_of(written(b"a\n\xff"), None)


def test_only_lines_beyond_ascii_tell_encodings_apart():
    assert telling_lines("plain\nnaïve\n".encode()) == "naïve".encode()
    assert guessed(SENTENCES["cp1250"].encode("cp1250")) == "cp1250"
