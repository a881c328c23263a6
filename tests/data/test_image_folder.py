"""A folder of class folders is read by the owner's splits, and what cannot be used is listed."""

import os
import time
import zipfile

import numpy as np
import pytest
from PIL import Image

from transferkit.core.errors import WrongUse
from transferkit.core.format import ReadOptions
from transferkit.data.image_folder import ImageFolder


@pytest.fixture
def put(tmp_path):
    """Make small pictures, no two alike, at the paths given; gives the folder."""

    def make(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            seed = int.from_bytes(name.encode(), "big") % 2**32
            Image.fromarray(np.random.default_rng(seed).integers(0, 256, (6, 6), dtype=np.uint8)).save(path)
        return tmp_path

    return make


def read(path):
    return ImageFolder().read(path, ReadOptions())


def by_name(reading):
    splits = reading.splits or (None,) * len(reading.labelled)
    return {n: (la, s) for n, la, s in zip(reading.labelled.names, reading.labelled.labels, splits, strict=True)}


def test_class_folders_may_hold_folders(put):
    reading = read(put("cat/a.png", "cat/deep/er/b.png", "dog/c.png"))
    assert by_name(reading) == {
        "cat/a.png": ("cat", None),
        "cat/deep/er/b.png": ("cat", None),
        "dog/c.png": ("dog", None),
    }
    assert reading.splits is None
    assert reading.labelled.items[0].size == (6, 6)


@pytest.mark.parametrize("name", ["val", "valid", "validation", "dev", "VAL"])
def test_the_owners_splits_are_honoured(put, name):
    reading = read(put("train/cat/a.png", f"{name}/cat/b.png", "Test/dog/c.png"))
    assert by_name(reading) == {
        "train/cat/a.png": ("cat", "train"),
        f"{name}/cat/b.png": ("cat", "validation"),
        "Test/dog/c.png": ("dog", "test"),
    }


def test_a_class_may_be_called_train(put):
    reading = read(put("train/a.png", "bus/b.png", "plane/c.png"))
    assert set(reading.labelled.labels) == {"train", "bus", "plane"}
    assert reading.splits is None


@pytest.mark.parametrize("name", ["unlabelled", "unlabeled", "Unlabelled", "train/unlabelled"])
def test_unlabelled_items_are_kept(put, name):
    reading = read(put("train/cat/a.png", "train/dog/b.png", f"{name}/c.png", f"{name}/deep/d.png"))
    assert len(reading.labelled) == 2
    assert reading.unlabelled.names == (f"{name}/c.png", f"{name}/deep/d.png")
    assert reading.unlabelled.labels is None


def test_hidden_files_do_not_count_and_others_are_listed(put):
    folder = put("cat/a.png", "dog/b.png", ".cache/c.png", "cat/.d.png", "__MACOSX/e.png", "loose.png")
    (folder / "cat" / "notes.txt").write_text("about cats")
    (folder / "cat" / "Thumbs.db").write_text("")
    (folder / "dog" / "broken.jpg").write_bytes(b"")
    reading = read(folder)
    assert len(reading.labelled) == 2
    assert {skipped.name: skipped.reason for skipped in reading.skipped} == {
        "cat/notes.txt": "not a picture (JPEG, PNG, GIF, BMP, WebP, TIFF and PPM are read)",
        "dog/broken.jpg": "the file is empty",
        "loose.png": "lies in no class folder",
    }


def test_a_class_without_a_usable_picture_is_noted(put):
    folder = put("cat/a.png", "dog/b.png")
    (folder / "owl").mkdir()
    (folder / "owl" / "o.jpg").write_bytes(b"hoo")
    assert read(folder).notes == ("class 'owl' is left out: none of its files can be used",)


def test_an_accent_is_one_class_however_it_is_composed(put):
    folder = put("train/caf\u00e9/a.png", "test/cafe\u0301/b.png")
    assert set(read(folder).labelled.labels) == {"caf\u00e9"}


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_links_are_followed_but_never_in_circles(put):
    folder = put("cat/a.png", "dog/b.png", ".store/c.png")
    (folder / "owl").symlink_to(folder / ".store", target_is_directory=True)
    (folder / "cat" / "loop").symlink_to(folder / "cat", target_is_directory=True)
    assert sorted(by_name(read(folder))) == ["cat/a.png", "dog/b.png", "owl/c.png"]


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["a.png", "b.png"], "2 pictures but no class folders; put each into a folder named after its class"),
        (["train/a.png", "test/b.png"], "2 pictures but no class folders"),
        (["unlabelled/a.png"], "no class folders with pictures"),
    ],
)
def test_a_folder_without_classes_is_refused(put, names, reason):
    with pytest.raises(WrongUse, match=reason):
        read(put(*names))


def test_where_a_table_lies_beside_loose_pictures_it_is_named(put):
    folder = put("a.png")
    (folder / "labels.csv").write_text("image,label\na.png,cat\n")
    with pytest.raises(WrongUse, match=r"name the table of labels instead: .*labels\.csv"):
        read(folder)


def test_where_nothing_can_be_used_the_first_reason_is_given(tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.jpg").write_bytes(b"")
    with pytest.raises(WrongUse, match=r"none of 1 files .*cat/a\.jpg: the file is empty"):
        read(tmp_path)


def test_only_folders_with_pictures_are_recognised(put, tmp_path):
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.txt").write_text("no picture")
    assert not ImageFolder().recognises(tmp_path / "text", ReadOptions())
    assert not ImageFolder().recognises(tmp_path / "absent", ReadOptions())
    assert ImageFolder().recognises(put("cat/deep/A.JPG"), ReadOptions())


def test_two_thousand_files_take_seconds(shared_data, tmp_path):
    with zipfile.ZipFile(shared_data / "cifar10_subset" / "cifar10_subset_jpg.zip") as archive:
        archive.extractall(tmp_path, [name for name in archive.namelist() if "test/" in name])
    (folder,) = tmp_path.rglob("test")
    start = time.perf_counter()
    reading = read(folder)
    assert time.perf_counter() - start < 10  # 0.4 s on two busy cores
    assert len(reading.labelled) == 2000
    assert reading.skipped == ()
    assert len(set(reading.labelled.labels)) == 10


def test_a_column_named_for_a_folder_is_refused(put):
    folder = put("cat/a.png", "dog/b.png")
    with pytest.raises(WrongUse, match="--label-column"):
        ImageFolder().read(folder, ReadOptions(label_column="finding"))
