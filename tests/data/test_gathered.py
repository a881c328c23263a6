"""A column of many characters is kept in a file, and read as the same cells."""

import errno
import io
import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from transferkit.core.errors import Failed
from transferkit.data import gathered
from transferkit.data.gathered import Gathered, KeptCells, Shelf

CELLS = [
    "plot",
    "",
    None,
    "naïve 很好",
    "\ud83d",
    3.5,
    ["a", "b"],
    True,
    "\x00\n",
    None,
    float("inf"),
    date(2011, 1, 31),
    "end",
]


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(gathered, "HELD", 10)


def column(cells, n_gaps=0):
    found = Gathered(Shelf(), n_gaps)
    for begin in range(0, len(cells), 4):
        found.extend(cells[begin : begin + 4])
    return found.column()


def test_few_characters_stay_a_list():
    assert column(CELLS) == CELLS
    assert column(["a"], n_gaps=2) == [None, None, "a"]


@pytest.mark.parametrize("block", [1, 8, 2**20])
def test_many_characters_are_the_same_cells(small, monkeypatch, block):
    monkeypatch.setattr(gathered, "_BLOCK", block)
    kept = column(CELLS * 3, n_gaps=1)
    same = [None, *CELLS * 3]
    assert isinstance(kept, KeptCells)
    assert list(kept) == same
    assert [kept[i] for i in range(len(kept))] == same
    assert (kept[-1], list(kept[2:5])) == (same[-1], same[2:5])
    with pytest.raises(IndexError):
        kept[len(same)]


def test_the_columns_of_a_table_share_what_may_be_in_memory_and_one_file(small):
    shelf = Shelf()
    first, second, third = Gathered(shelf), Gathered(shelf), Gathered(shelf)
    first.extend(["abc"])
    second.extend(["d" * 6])
    third.extend(["ef"])  # now they are too many
    first.extend(["ghi", None])
    columns = [one.column() for one in (first, second, third)]
    assert all(isinstance(one, KeptCells) for one in columns)
    assert [list(one) for one in columns] == [["abc", "ghi", None], ["d" * 6], ["ef"]]


def test_it_can_be_sent_to_a_worker_and_read_by_several_threads(small):
    kept = column(CELLS * 50)
    assert pickle.loads(pickle.dumps(kept)) == CELLS * 50
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(kept.__getitem__, range(len(kept)))) == CELLS * 50


@pytest.mark.parametrize("length", [8, 10_000])
def test_memory_does_not_grow_with_the_cells(monkeypatch, length):
    monkeypatch.setattr(gathered, "HELD", 2**16)
    tracemalloc.start()
    try:
        found, n = Gathered(Shelf()), 8_000_000 // length // 40
        for part in range(40):
            found.extend([f"{part} {i} ".ljust(length, "x")[:length] for i in range(n)])
        kept = found.column()
        assert sum(map(len, kept)) == 40 * n * length == 8_000_000
        assert tracemalloc.get_traced_memory()[0] < 200_000
    finally:
        tracemalloc.stop()


def test_a_full_disk_is_one_line(small, monkeypatch):
    class Full(io.BytesIO):
        def write(self, content):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", lambda **more: Full())
    with pytest.raises(Failed, match=r"^no room for the cells of a table in .*: No space left on device$"):
        column(["a text of many words"])
