"""A target travels without its test, and without what its open items were cut out of."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transferkit.core.format import ReadOptions
from transferkit.core.target import Target
from transferkit.data.rows import Rows
from transferkit.planner.executor.parcel import packed


def pictures(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 8, 8), dtype=np.uint8)


def as_array() -> Target:
    return Target.of(pictures(40, 0), ["cat", "dog"] * 20)


def as_images() -> Target:
    return Target.of([Image.fromarray(p) for p in pictures(40, 0)], ["cat", "dog"] * 20)


def with_a_test() -> Target:
    return Target.of(pictures(24, 0), ["cat", "dog"] * 12, test=(pictures(60, 1), ["cat", "dog"] * 30))


def partly_unlabelled() -> Target:
    return Target.of(pictures(40, 0), ["cat", "dog"] * 15 + [None] * 10)


MAKERS = [as_array, as_images, with_a_test, partly_unlabelled]


@pytest.mark.parametrize("make", MAKERS)
def test_every_fold_has_the_same_items_with_the_same_labels(make) -> None:
    target = make()
    arrived = pickle.loads(pickle.dumps(packed(target)))
    for part, same in [(target.fold(s), arrived.fold(s)) for s in range(3)] + [(target.whole(), arrived.whole())]:
        for split in ("train", "validation", "unlabelled"):
            there, here = getattr(same, split), getattr(part, split)
            assert (there.ids, there.labels, there.names) == (here.ids, here.labels, here.names)
            for a, b in zip(there.items, here.items, strict=True):
                np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


@pytest.mark.parametrize("make", MAKERS)
def test_no_test_picture_leaves_this_process(make) -> None:
    target = make()
    sent = pickle.dumps(packed(target))
    for picture in target.test.open("this check").items:
        assert np.asarray(picture).tobytes() not in sent
    assert len(packed(target).test) == 0
    assert np.asarray(target.train.items[0]).tobytes() in sent


def test_pictures_in_files_travel_as_paths(tmp_path: Path) -> None:
    for i, picture in enumerate(pictures(24, 0)):
        (tmp_path / "cd"[i % 2]).mkdir(exist_ok=True)
        Image.fromarray(picture).resize((200, 200)).save(tmp_path / "cd"[i % 2] / f"{i}.png")
    target = Target.read(tmp_path)
    arrived = pickle.loads(pickle.dumps(packed(target)))
    assert len(pickle.dumps(packed(target))) < 20_000
    assert arrived.train.ids == target.train.ids
    np.testing.assert_array_equal(np.asarray(arrived.train.items[0]), np.asarray(target.train.items[0]))


def as_rows() -> Target:
    rows = [{"town": f"town {i:02}", "age": 1000.5 + i} for i in range(40)]
    return Target.of(Rows.of({name: [row[name] for row in rows] for name in rows[0]}), ["cat", "dog"] * 20)


def test_of_a_table_only_the_open_rows_travel() -> None:
    target = as_rows()
    arrived = packed(target)
    assert isinstance(arrived.train.items, Rows)
    assert list(arrived.whole().train.items) == list(target.whole().train.items)
    sent = pickle.dumps(arrived)
    for row in target.test.open("this check").items:
        assert row["town"].encode() not in sent
    assert target.train.items[0]["town"].encode() in sent


def test_of_a_time_series_only_the_open_windows_travel(tmp_path: Path) -> None:
    table = tmp_path / "series.csv"
    lines = [f"{i},{i % 7},{np.sin(i):.5f},{'ab'[i // 16 % 2]}" for i in range(640)]
    table.write_text("time,x,y,label\n" + "\n".join(lines) + "\n")
    target = Target.read(table, options=ReadOptions(time_column="time", label_column="label", window=16))
    arrived = packed(target)
    for split in ("train", "validation"):
        there, here = getattr(target, split).items, getattr(arrived, split).items
        np.testing.assert_array_equal(np.stack(list(there)), np.stack(list(here)))
    sent = pickle.dumps(arrived)
    assert not any(window.tobytes() in sent for window in target.test.open("this check").items)


def test_texts_of_a_table_travel_without_those_of_the_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("transferkit.data.gathered.HELD", 100)  # so that they lie in a file that a worker has not
    rows = [f"text number {i} of these,{'cat' if i % 2 else 'dog'}" for i in range(40)]
    (tmp_path / "t.csv").write_text("\n".join(["text,label", *rows]))
    target = Target.read(tmp_path / "t.csv")
    sent = pickle.dumps(packed(target))
    assert list(pickle.loads(sent).whole().train.items) == list(target.whole().train.items)
    assert not any(text.encode() in sent for text in target.test.open("the test of this test").items)
