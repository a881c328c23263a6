"""Examples are chosen and joined without reading an item."""

import numpy as np
import pytest

from transferkit.core.examples import Chosen, Examples, Joined


class Unread:
    """Items that tell which of them was read."""

    def __init__(self, n):
        self.n, self.read = n, []

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        self.read.append(index)
        return index


def examples(items, **known):
    return Examples(items=items, ids=tuple(f"id{i}" for i in range(len(items))), **known)


def test_taking_and_joining_read_nothing():
    items = Unread(6)
    some = examples(items, labels=tuple("abcdef"))
    joined = some.take([4, 2]).join(some.take([0]))
    assert items.read == []
    assert list(joined.items) == [4, 2, 0] == items.read
    assert joined.ids == ("id4", "id2", "id0")
    assert joined.labels == ("e", "c", "a")
    assert isinstance(joined.items, Chosen)
    assert joined.items.items is items


def test_different_sequences_are_joined_one_after_the_other():
    joined = examples("ab").join(examples("cde"))
    assert isinstance(joined.items, Joined)
    assert "".join(joined.items) == "abcde"
    assert "".join(joined.items[1:4]) == "bcd"
    assert joined.items[-1] == "e"
    with pytest.raises(IndexError):
        joined.items[5]


def test_what_only_one_side_knows_is_dropped_but_an_empty_side_is_no_side():
    labelled = examples("ab", labels=("x", "y"), names=("n", "m"), weights=np.ones(2), groups=("g", "h"))
    bare = examples("c")
    joined = labelled.join(bare)
    assert (joined.labels, joined.names, joined.groups) == (None, (), None)
    assert labelled.join(bare.take([])) is labelled
    assert bare.take([]).join(labelled) is labelled
    assert labelled.join(labelled).weights.tolist() == [1, 1, 1, 1]


def test_items_without_weights_count_as_the_others_do_on_average():
    weighted, bare = examples("ab", weights=np.array([100.0, 300.0])), examples("cd")
    assert weighted.join(bare).weights.tolist() == [100, 300, 200, 200]
    assert bare.join(weighted).weights.tolist() == [200, 200, 100, 300]
    assert bare.join(bare).weights is None
