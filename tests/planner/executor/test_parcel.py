"""A target travels without its test, and without what its open items were cut out of."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from transferkit.core.target import Target
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
