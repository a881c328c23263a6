"""Texts become numbers of words by rules one can look up, the same whatever batch they come in."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from transferkit.core.errors import WrongUse
from transferkit.sources.processors import build
from transferkit.sources.processors.words import WordProcessor, tokens, vocabulary

WORDS = ("the", "film", "do", "n't", "well", "made", "很", "好", "café", "!", "it", "'s", "can't")
PROCESSOR = WordProcessor(words=WORDS, length=6)


def spelled(text):
    return [("<padding>", "<unknown>", *WORDS)[number] for number in PROCESSOR.numbers(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The FILM!", ["the", "film", "!"]),
        ("很好!", ["很", "好", "!"]),
        ("don't", ["do", "n't"]),
        ("DON\u2019T", ["do", "n't"]),
        ("do n't", ["do", "n't"]),
        ("can't", ["can't"]),
        ("it's", ["it", "'s"]),
        ("well-made", ["well", "made"]),
        ("well-known", ["well", "<unknown>"]),
        ("un-heard", ["<unknown>"]),
        ("cafe\u0301", ["café"]),
        ("film2", ["<unknown>"]),
    ],
)
def test_words_are_looked_up_whole_then_in_parts(text, words):
    assert spelled(text) == words


def test_a_cased_vocabulary_is_asked_as_written_then_in_lower_case():
    cased = WordProcessor(words=("us", "US", "film"), lowercase=False)
    assert cased.numbers("US us FILM Us") == [3, 2, 4, 2]


def test_no_visible_character_is_lost():
    text = "«Très bon», 12:30 — #1 (a_b) ☺ ... it's 很好 well-made \u3042"
    assert "".join(tokens(text, lowercase=False)) == "".join(text.split())


@given(st.text(max_size=40))
def test_any_text_gives_numbers_of_the_vocabulary(text):
    numbers, mask = PROCESSOR([text])
    assert numbers.shape == mask.shape == (1, 6)
    assert int(numbers.max()) < len(WORDS) + 2
    assert mask[0, 0]
    assert torch.equal(mask, mask.sort(dim=1, descending=True).values)


def test_a_long_text_is_cut_and_a_short_one_padded():
    numbers, mask = PROCESSOR(["the film " * 5, "good", ""])
    assert numbers.tolist() == [[2, 3, 2, 3, 2, 3], [1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]]
    assert mask.sum(1).tolist() == [6, 1, 1]


def test_a_text_gives_the_same_alone_and_in_a_batch():
    together = PROCESSOR(["the film", "很好"])
    alone = PROCESSOR(["很好"])
    assert torch.equal(alone[0][0], together[0][1])


def test_its_description_survives_json():
    grown = PROCESSOR.grown(["the weird film"])
    for processor in (PROCESSOR, grown):
        assert build(json.loads(json.dumps(processor.describe()))) == processor


def test_words_of_the_target_are_added_behind_its_own():
    grown = PROCESSOR.grown(["the weird film is weird", "don't"])
    assert grown.words == (*WORDS, "weird", "is")
    assert grown.numbers("the weird film") == [2, len(WORDS) + 2, 3]
    assert PROCESSOR.grown(["the film"]) is PROCESSOR
    assert grown.grown(["odd"]).n_own == len(WORDS)


def test_the_share_of_missing_words_is_told_before_and_after_growing():
    texts = ["the odd film!", "well-made film", "很好"]  # 1 of 7 words
    told = "14% of the words are not in its vocabulary"
    assert PROCESSOR.notes(texts) == (told,)
    assert PROCESSOR.grown(texts).notes(texts) == (told,)
    assert PROCESSOR.notes(["the film!"]) == ()


def test_texts_that_are_cut_are_told():
    assert PROCESSOR.notes(["the film " * 4, "the film"]) == (
        "1 of 2 texts have more than 6 words, and only the first are read",
    )


def test_a_vocabulary_does_not_depend_on_the_order_of_texts():
    texts = ["b a c", "a C", "d"]
    assert vocabulary(texts, 3) == vocabulary(texts[::-1], 3) == ("a", "c", "b")
    assert vocabulary(texts, 9, lowercase=False) == ("a", "C", "b", "c", "d")


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"kind": "words"}, "a word processor needs its words"),
        ({"kind": "words", "words": ["a"], "length": 0}, "length 0 must be at least 1"),
        ({"kind": "words", "word": ["a"]}, "unknown setting of a word processor 'word'; did you mean 'words'"),
    ],
)
def test_wrong_settings_are_one_line(settings, line):
    with pytest.raises(WrongUse, match=line):
        build(settings)


def test_what_is_no_text_is_one_line():
    with pytest.raises(WrongUse, match="a network on words takes texts, got ndarray"):
        PROCESSOR([np.zeros(3)])
