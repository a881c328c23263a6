"""Compact strings are the strings they stand for."""

import hashlib
import pickle

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from transferkit.core.compact import Digests, RowNames, joined, numbered, taken

CONTENTS = [b"good", b"bad", b"good", b""]
HEX = [hashlib.sha256(content).hexdigest() for content in CONTENTS]
DIGESTS = Digests.of(b"".join(hashlib.sha256(content).digest() for content in CONTENTS))
NAMES = RowNames("table.csv", np.array([2, 3, 5, 9]))


def test_they_are_read_as_tuples_of_strings_are():
    assert DIGESTS == HEX
    assert tuple(HEX) == DIGESTS
    assert hash(DIGESTS) == hash(tuple(HEX))
    assert (DIGESTS[0], DIGESTS[-1], list(DIGESTS[1:3])) == (HEX[0], HEX[-1], HEX[1:3])
    assert (HEX[1] in DIGESTS, "bad" in DIGESTS, len(DIGESTS)) == (True, False, 4)
    assert list(NAMES) == ["table.csv row 2", "table.csv row 3", "table.csv row 5", "table.csv row 9"]
    assert DIGESTS != HEX[:3] != NAMES
    assert pickle.loads(pickle.dumps(NAMES)) == NAMES
    assert len(pickle.loads(pickle.dumps(DIGESTS[1:2])).rows) == 1


def test_taking_and_joining_keeps_them_compact_where_it_can():
    some = taken(DIGESTS, np.array([3, 0]))
    assert isinstance(some, Digests)
    assert some == [HEX[3], HEX[0]]
    assert isinstance(joined(some, DIGESTS), Digests)
    assert joined(some, DIGESTS) == [HEX[3], HEX[0], *HEX] == joined(pickle.loads(pickle.dumps(some)), DIGESTS)
    assert joined(some, ("a",)) == (HEX[3], HEX[0], "a")
    assert joined(("a",), some) == ("a", HEX[3], HEX[0])
    assert isinstance(joined(NAMES, NAMES), RowNames)
    assert joined(NAMES, RowNames("other.csv", np.array([1])))[-2:] == ("table.csv row 9", "other.csv row 1")
    assert taken(("a", "b"), np.array([1])) == ("b",)


def test_all_of_many_are_gone_through():
    many = RowNames("t", np.arange(10_000))
    assert [*many] == [f"t row {i}" for i in range(10_000)]


@given(st.lists(st.text(st.sampled_from("a\0é好\ud800"), max_size=12)))
def test_strings_are_numbered_in_their_order(texts):
    place = {text: i for i, text in enumerate(sorted(set(texts)))}
    assert numbered(texts).tolist() == [place[text] for text in texts]


def test_digests_are_numbered_as_their_digits_are():
    alike = np.zeros((4, 32), dtype=np.uint8)  # all begin alike
    alike[:, 31] = [2, 0, 2, 1]
    assert numbered(Digests(alike)).tolist() == [2, 0, 2, 1]
    assert numbered(DIGESTS).tolist() == numbered(HEX).tolist() == numbered(joined(DIGESTS, ())).tolist()
