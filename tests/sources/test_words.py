"""Word vectors of every spelling are read alike, become a source, and a broken file is one line."""

import gzip
import struct

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from transferkit.core.errors import Failed, TransferkitError, WrongUse
from transferkit.core.source import Source
from transferkit.sources.word_vectors import read

WORDS = ("the", "good", "film", "很", "naïve")
VECTORS = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
MANY = 10**6


def lines(words=WORDS, vectors=VECTORS):
    return "".join(f"{word} {' '.join(str(float(x)) for x in row)}\n" for word, row in zip(words, vectors, strict=True))


def binary(words=WORDS, vectors=VECTORS, between=b"\n"):
    rows = (f"{word} ".encode() + struct.pack("<3f", *row) + between for word, row in zip(words, vectors, strict=True))
    return f"{len(words)} 3\n".encode() + b"".join(rows)


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def in_safetensors(tmp_path, words="words.txt"):
    save_file({"vectors": VECTORS}, tmp_path / "w.safetensors")
    (tmp_path / words).write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    return tmp_path / "w.safetensors"


FILES = {
    "glove": lambda folder: written(folder, "glove.txt", lines()),
    "word2vec text": lambda folder: written(folder, "w.vec", "5 3\n" + lines()),
    "spaces at the ends": lambda folder: written(folder, "w.vec", ("5 3\n" + lines()).replace("\n", " \n")),
    "tabs": lambda folder: written(folder, "w.txt", lines().replace(" ", "\t")),
    "gzipped": lambda folder: written(folder, "glove.txt.gz", gzip.compress(lines().encode())),
    "binary": lambda folder: written(folder, "w.bin", binary()),
    "binary without line ends": lambda folder: written(folder, "w.bin", binary(between=b"")),
    "binary gzipped": lambda folder: written(folder, "w.bin.gz", gzip.compress(binary())),
    "safetensors": in_safetensors,
    "safetensors with words of its name": lambda folder: in_safetensors(folder, "w.words.txt"),
}


@pytest.mark.parametrize("spelling", FILES)
def test_every_spelling_gives_the_same_vectors(spelling, tmp_path):
    found = read(FILES[spelling](tmp_path), MANY)
    assert found.words == WORDS
    np.testing.assert_array_equal(found.vectors, VECTORS)


@pytest.mark.parametrize("spelling", ["glove", "binary", "safetensors"])
def test_the_first_words_are_kept(spelling, tmp_path):
    found = read(FILES[spelling](tmp_path), 2)
    assert found.words == WORDS[:2]
    assert found.vectors.shape == (2, 3)


def test_words_that_come_twice_or_hold_spaces(tmp_path):
    path = written(tmp_path, "w.txt", lines(("good", ". . .", "good", "film", "bad"), VECTORS))
    found = read(path, MANY)
    assert found.words == ("good", "film", "bad")
    np.testing.assert_array_equal(found.vectors, VECTORS[[0, 3, 4]])


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("the 1 2 3\ngood 1 2\n", r"w\.txt line 2: 2 numbers where others have 3; mend that line"),
        ("the 1 2 3\ngood 1 x 3\n", r"w\.txt line 2: 3 numbers after a word are expected"),
        ("the 1 2 3\n\ngood 1 nan 3\n", r"w\.txt line 3: a number is not finite"),
        ("3 2\nthe 1 2\ngood 1\n", r"w\.txt line 3: 1 numbers where others have 2"),
        ("a text of words\n", r"w\.txt line 1: 3 numbers after a word are expected"),
        ("word\n", r"w\.txt line 1: a word and its numbers are expected, got 'word.*; name a file of"),
        ("", r"w\.txt line 1: a word and its numbers are expected"),
        (binary()[:-8], r"w\.txt ends in word 5 of 5; get it again"),
    ],
)
def test_a_broken_file_names_its_line(content, line, tmp_path):
    path = written(tmp_path, "w.txt", content)
    with pytest.raises(TransferkitError, match=line) as error:
        Source(f"words:{path}").card()
    assert "\n" not in str(error.value)


def test_vectors_whose_words_are_missing_are_one_line(tmp_path):
    path = in_safetensors(tmp_path)
    (tmp_path / "words.txt").write_text("the\ngood\n")
    with pytest.raises(WrongUse, match=r"words\.txt has 2 lines, w\.safetensors 5 rows"):
        read(path, MANY)
    (tmp_path / "words.txt").unlink()
    with pytest.raises(WrongUse, match=r"put them into words\.txt beside it"):
        read(path, MANY)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("no/such.txt", "no such file 'no/such.txt'"),
        ("{}?network=bagg", "unknown network on word vectors 'bagg'; did you mean 'bag'"),
        ("{}?mots=5", "unknown setting of a words source 'mots'; did you mean 'most'"),
        ("{}?most=0", "most=0 is not a whole number above 0"),
        ("{}?lowercase=perhaps", "lowercase=perhaps is neither true nor false"),
    ],
)
def test_a_misspelled_source_is_one_line(name, line, tmp_path):
    with pytest.raises(WrongUse, match=line):
        Source(f"words:{name.format(FILES['glove'](tmp_path))}").check()


@pytest.mark.parametrize("network", ["bag", "bilstm", "text_cnn"])
def test_the_network_holds_the_vectors_of_the_file(network, tmp_path):
    source = Source(f"words:{FILES['glove'](tmp_path)}?network={network}")
    body, again, card = source.network(), source.network(), source.card()
    np.testing.assert_array_equal(body.stage("embedding").weight[2:].detach(), VECTORS)
    assert not body.stage("embedding").weight[:2].any()
    assert not body.training
    assert all(torch.equal(a, b) for a, b in zip(body.parameters(), again.parameters(), strict=True))
    assert card.parameters == sum(p.numel() for p in body.parameters())
    assert card.modality == "text"
    assert card.architecture == body.architecture


def test_the_fingerprint_changes_with_the_vectors_and_the_words_kept(tmp_path):
    path = FILES["safetensors"](tmp_path)
    first = Source(f"words:{path}").card().fingerprint
    assert Source(f"words:{path}?most=3").card().fingerprint != first
    (tmp_path / "words.txt").write_text("\n".join(reversed(WORDS)), encoding="utf-8")
    assert Source(f"words:{path}").card().fingerprint != first


def test_capitals_count_where_the_file_has_some(tmp_path):
    plain = Source(f"words:{written(tmp_path, 'a.txt', lines())}").processor()
    cased = Source(f"words:{written(tmp_path, 'b.txt', lines(('the', 'Good', 'film', 'US', 'us')))}").processor()
    assert (plain.lowercase, cased.lowercase) == (True, False)
    assert Source(f"words:{tmp_path / 'b.txt'}?lowercase=true&length=7").processor().length == 7
    assert cased.numbers("The US and us") == [2, 5, 1, 6]


def test_the_licence_of_a_card_beside_the_file_is_told(tmp_path):
    path = FILES["glove"](tmp_path)
    (tmp_path / "glove.json").write_text('{"licence": "PDDL 1.0", "trained_on": "tweets"}')
    assert (Source(f"words:{path}").card().licence, Source(f"words:{path}").card().trained_on) == ("PDDL 1.0", "tweets")
    (tmp_path / "glove.json").write_text("{")
    with pytest.raises(WrongUse, match="is not JSON"):
        Source(f"words:{path}").card()


def test_real_vectors_know_which_words_are_alike(shared_data):
    """The neighbours that the README of the set names."""
    found = read(shared_data / "weights_glove_twitter25" / "glove_twitter25.safetensors", MANY)
    assert len(found.words) == 11925
    unit = found.vectors / np.linalg.norm(found.vectors, axis=1, keepdims=True)
    nearest = np.argsort(-unit @ unit[found.words.index("king")])[1:3]
    assert {found.words[i] for i in nearest} == {"prince", "queen"}
    source = Source(f"words:{shared_data / 'weights_glove_twitter25' / 'glove_twitter25.safetensors'}")
    assert source.card().licence == "PDDL 1.0 (Stanford GloVe)"


def test_a_truncated_gzip_is_one_line(tmp_path):
    path = written(tmp_path, "w.txt.gz", gzip.compress(lines().encode() * 50)[:40])
    with pytest.raises(Failed, match=r"w\.txt\.gz cannot be read"):
        read(path, MANY)


def test_a_binary_file_that_claims_endless_vectors_gives_one_line(tmp_path):
    (tmp_path / "v.bin").write_bytes(b"2 100000000000\na " + bytes(100))
    with pytest.raises(WrongUse, match="says that a word has 100000000000 numbers"):
        Source(f"words:{tmp_path / 'v.bin'}").card()
