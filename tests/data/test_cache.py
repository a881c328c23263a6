"""The feature cache computes once, survives what disks do, and stays within its bound."""

import errno
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from transferkit.core.errors import WrongUse
from transferkit.core.run import NoCache
from transferkit.data import cache as cache_module
from transferkit.data.cache import FeatureCache, default_directory
from transferkit.data.chunks import open_chunk

WIDTH = 5


class Counting:
    """Rows that say which item they belong to; remembers what was asked for."""

    def __init__(self, ids, fail_after=None, width=WIDTH):
        self.ids, self.asked, self.fail_after, self.width = list(ids), [], fail_after, width

    def __call__(self, indices):
        if self.fail_after is not None and len(self.asked) >= self.fail_after:
            raise KeyboardInterrupt
        self.asked += [self.ids[i] for i in indices]
        return np.array([[float(self.ids[i])] * self.width for i in indices], dtype=np.float32)


def ids_of(*numbers):
    return [str(n) for n in numbers]


def ask(cache, ids, key="key", chunk=64):
    compute = Counting(ids)
    return cache.rows(key, ids, compute, chunk), compute.asked


def test_rows_equal_those_of_no_cache_in_any_order(tmp_path):
    cache, random = FeatureCache(tmp_path), np.random.default_rng(0)
    for _ in range(20):
        ids = ids_of(*random.integers(0, 60, size=random.integers(1, 40)))  # repeated, overlapping, shuffled
        np.testing.assert_array_equal(ask(cache, ids)[0], NoCache().rows("key", ids, Counting(ids)))


def test_each_item_is_computed_once(tmp_path):
    cache = FeatureCache(tmp_path)
    assert ask(cache, ids_of(1, 2, 2, 3))[1] == ids_of(1, 2, 3)
    assert ask(cache, ids_of(3, 4, 1))[1] == ids_of(4)
    assert ask(FeatureCache(tmp_path), ids_of(4, 3, 2, 1))[1] == []
    assert ask(cache, ids_of(1), key="another")[1] == ids_of(1)


def test_no_ids_ask_for_no_item(tmp_path):
    assert FeatureCache(tmp_path).rows("key", [], lambda indices: np.zeros((len(indices), 3))).shape == (0, 3)


def test_compute_is_called_with_at_most_one_chunk(tmp_path):
    lengths = []
    ids = ids_of(*range(10))
    FeatureCache(tmp_path).rows("key", ids, lambda i: lengths.append(len(i)) or np.zeros((len(i), 2)), chunk=4)
    assert lengths == [4, 4, 2]


def test_rows_that_lie_side_by_side_are_one_map_and_not_copied(tmp_path):
    ids = ids_of(*range(100))
    ask(FeatureCache(tmp_path), ids)
    for wanted in (ids, ids[10:20]):
        rows, _ = ask(FeatureCache(tmp_path), wanted)
        assert isinstance(rows.base, np.memmap) or "mmap" in type(rows.base).__name__
    rows, _ = ask(FeatureCache(tmp_path), ids[::2])
    assert "mmap" not in type(rows.base).__name__


def test_writing_to_the_result_does_not_reach_the_disk(tmp_path):
    rows, _ = ask(FeatureCache(tmp_path), ids_of(1, 2))
    rows[:] = -1
    again, asked = ask(FeatureCache(tmp_path), ids_of(1, 2))
    assert asked == []
    assert again[:, 0].tolist() == [1, 2]


def test_an_interrupted_pass_keeps_what_it_has(tmp_path):
    ids = ids_of(*range(10))
    with pytest.raises(KeyboardInterrupt):
        FeatureCache(tmp_path).rows("key", ids, Counting(ids, fail_after=6), chunk=2)
    assert ask(FeatureCache(tmp_path), ids)[1] == ids[6:]


def test_a_long_pass_is_written_as_it_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_module, "CHUNK_BYTES", 100)
    ids, seen = ids_of(*range(30)), []

    def compute(indices):
        seen.append(len(list(tmp_path.glob("*/*.ids"))))
        return Counting(ids)(indices)

    rows = FeatureCache(tmp_path).rows("key", ids, compute, chunk=5)
    assert seen == [0, 1, 2, 3, 4, 5]
    assert rows[:, 0].tolist() == list(range(30))
    assert ask(FeatureCache(tmp_path), ids[::-1])[1] == []


@pytest.mark.parametrize(
    "damage", ["truncated rows", "empty rows", "no rows", "foreign rows", "pickle", "cut ids", "binary ids"]
)
def test_a_damaged_chunk_is_computed_anew_without_a_warning(tmp_path, damage):
    ids = ids_of(*range(50))
    ask(FeatureCache(tmp_path), ids)
    (rows_file,), (ids_file,) = tmp_path.glob("*/*.npy"), tmp_path.glob("*/*.ids")
    if damage == "truncated rows":
        rows_file.write_bytes(rows_file.read_bytes()[:-100])
    elif damage == "empty rows":
        rows_file.write_bytes(b"")
    elif damage == "no rows":
        rows_file.unlink()
    elif damage == "foreign rows":
        np.save(rows_file, np.zeros((3, WIDTH)))
    elif damage == "pickle":
        np.save(rows_file, np.array([{}] * 50, dtype=object), allow_pickle=True)
    elif damage == "cut ids":
        ids_file.write_text("1\n2")
    else:
        ids_file.write_bytes(b"\xff\xfe")
    rows, asked = ask(FeatureCache(tmp_path), ids)
    assert asked == ids
    assert rows[:, 0].tolist() == list(range(50))
    assert ask(FeatureCache(tmp_path), ids)[1] == []


def test_rows_of_another_shape_are_computed_anew(tmp_path):
    ids = ids_of(1, 2, 3)
    FeatureCache(tmp_path).rows("key", ids[:2], Counting(ids, width=7))
    compute = Counting(ids)
    assert FeatureCache(tmp_path).rows("key", ids, compute).shape == (3, WIDTH)
    assert set(compute.asked) == set(ids)


def test_compute_that_gives_too_few_rows_is_refused(tmp_path):
    with pytest.raises(ValueError, match="1 rows for 2 items"):
        FeatureCache(tmp_path).rows("key", ["a", "b"], lambda indices: np.zeros((1, 2)))


WRITER = """
import sys, time
import numpy as np
from transferkit.data.cache import FeatureCache

def compute(indices):
    time.sleep(0.005)
    return np.array([[float(i)] * 5 for i in indices], dtype=np.float32)

while time.time() < float(sys.argv[2]):
    time.sleep(0.001)
for key in "abc":
    cache = FeatureCache(sys.argv[1], max_bytes=int(sys.argv[3]))
    rows = cache.rows(key, [str(i) for i in range(200)], compute, 20)
    assert rows[:, 0].tolist() == list(range(200))
"""


@pytest.mark.parametrize("max_bytes", [10**9, 8000])  # room for everything; room for one key of the three
def test_processes_that_write_at_once_never_spoil_the_cache(tmp_path, max_bytes):
    start = str(time.time() + 1.0)
    command = [sys.executable, "-c", WRITER, str(tmp_path), start, str(max_bytes)]
    workers = [subprocess.Popen(command) for _ in range(3)]
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0, 0]
    assert all(open_chunk(file) is not None for file in tmp_path.glob("*/*.ids"))
    assert not list(tmp_path.glob("*/*.partial"))
    rows, asked = ask(FeatureCache(tmp_path), ids_of(*range(200)), key="c")
    assert rows[:, 0].tolist() == list(range(200))
    assert asked == []


def test_the_bound_is_kept_and_the_longest_unused_goes_first(tmp_path):
    cache = FeatureCache(tmp_path, max_bytes=3000)
    for key in "abcdefgh":  # 20 rows of 20 bytes and a header each
        ask(cache, ids_of(*range(20)), key=key)
        ask(cache, ids_of(*range(20)), key="a")  # stays in use
        time.sleep(0.01)
        assert cache.size() <= 3000
    assert ask(cache, ids_of(*range(20)), key="a")[1] == []
    assert ask(cache, ids_of(*range(20)), key="h")[1] == []
    assert len(ask(cache, ids_of(*range(20)), key="b")[1]) == 20


def test_rows_in_use_are_never_removed(tmp_path):
    cache = FeatureCache(tmp_path, max_bytes=1000)
    held, _ = ask(cache, ids_of(*range(20)), key="held")
    for key in "abc":
        assert len(ask(cache, ids_of(*range(20)), key=key)[1]) == 20
    assert ask(cache, ids_of(*range(20)), key="held")[1] == []
    assert held[:, 0].tolist() == list(range(20))
    del held
    ask(cache, ids_of(*range(20)), key="d")
    assert len(ask(cache, ids_of(*range(20)), key="held")[1]) == 20


def test_rows_larger_than_the_bound_are_given_but_not_kept(tmp_path):
    cache = FeatureCache(tmp_path, max_bytes=100)
    assert ask(cache, ids_of(*range(20)))[0][:, 0].tolist() == list(range(20))
    assert cache.size() == 0


def test_what_killed_writers_left_is_removed_when_room_is_needed(tmp_path):
    cache = FeatureCache(tmp_path, max_bytes=1000)
    ask(cache, ids_of(1))
    folder = next(tmp_path.iterdir())
    for name in ("x.npy.123.partial", "orphan.npy"):
        (folder / name).write_bytes(b"0" * 600)
        os.utime(folder / name, (0, 0))
    ask(cache, ids_of(*range(20)), key="another")
    assert not list(folder.glob("*.partial")) + list(folder.glob("orphan*"))
    assert cache.size() <= 1000


def test_a_directory_deleted_on_the_way_does_not_end_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_module, "CHUNK_BYTES", 100)
    directory = tmp_path / "cache"
    cache, ids = FeatureCache(directory), ids_of(*range(40))

    def compute(indices):
        if indices[0] in (10, 30):
            shutil.rmtree(directory)
        return Counting(ids)(indices)

    assert cache.rows("key", ids, compute, 10)[:, 0].tolist() == list(range(40))
    shutil.rmtree(directory)
    assert ask(cache, ids)[1] == ids
    assert ask(cache, ids)[1] == []


def test_a_full_disk_is_told_once_and_the_run_goes_on(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    cache, ids = FeatureCache(tmp_path), ids_of(*range(20))
    with pytest.warns(UserWarning, match="No space left"):
        rows, _ = ask(cache, ids)
    assert rows[:, 0].tolist() == list(range(20))
    assert ask(cache, ids)[0][:, 0].tolist() == list(range(20))  # a second warning would be an error
    assert not list(tmp_path.glob("*/*"))  # the half-written file is gone, too


def test_a_place_that_cannot_be_written_is_told_once(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    cache = FeatureCache(tmp_path / "file")
    with pytest.warns(UserWarning, match="not written any more"):
        assert ask(cache, ids_of(7))[0][0, 0] == 7


def test_the_directory_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("TRANSFERKIT_CACHE", str(tmp_path / "mine"))
    assert FeatureCache().directory == tmp_path / "mine" / "features"
    monkeypatch.delenv("TRANSFERKIT_CACHE")
    assert default_directory().is_relative_to(Path.home()) or "XDG_CACHE_HOME" in os.environ


def test_a_size_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(WrongUse, match="spell it like"):
        FeatureCache(tmp_path, max_bytes="lots")


def test_rows_too_many_for_memory_are_mapped_from_disk_in_the_order_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_module, "HELD_BYTES", 1000)
    monkeypatch.setattr(cache_module, "CHUNK_BYTES", 400)
    cache = FeatureCache(tmp_path)
    rows = np.arange(300, dtype=np.float32).reshape(100, 3)
    ids = [f"item {i}" for i in range(100)]
    first = cache.rows("key", ids, lambda indices: rows[list(indices)], chunk=10)
    order = np.random.default_rng(0).permutation(100)
    again = cache.rows("key", [ids[i] for i in order], _never, chunk=10)
    for found in (first, again):
        assert isinstance(found, np.memmap)
    np.testing.assert_array_equal(first, rows)
    np.testing.assert_array_equal(again, rows[order])
    again[0] = 0  # changes this process's copy alone
    np.testing.assert_array_equal(cache.rows("key", ids, _never), rows)
    assert {file.suffix for file in tmp_path.glob("*/*")} == {".ids", ".npy"}


def test_rows_that_the_cache_has_no_room_for_do_not_stay_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(cache_module, "SPILLED_BYTES", 100)
    cache = FeatureCache(tmp_path, max_bytes=50)
    found = cache.rows("key", ["a", "b"], lambda indices: np.ones((len(indices), 20), dtype=np.float32))
    assert isinstance(found.base, np.memmap)
    np.testing.assert_array_equal(found, np.ones((2, 20)))
    assert cache.size() == 0


def test_where_the_disk_is_full_large_rows_stay_in_memory(tmp_path, monkeypatch):
    def full(*arguments, **more):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache_module, "HELD_BYTES", 0)
    monkeypatch.setattr(cache_module, "SPILLED_BYTES", 0)
    monkeypatch.setattr(cache_module.tempfile, "TemporaryFile", full)
    ids = ids_of(*range(8))
    np.testing.assert_array_equal(ask(FeatureCache(tmp_path, max_bytes=50), ids, chunk=3)[0], Counting(ids)(range(8)))


def _never(indices):
    raise AssertionError("these rows are kept")
