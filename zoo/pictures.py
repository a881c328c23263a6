"""The labelled pictures the zoo is trained on, read from the folder that `--data` names; nothing is downloaded.

MNIST (LeCun, Cortes & Burges; CC BY-SA 3.0), Fashion-MNIST (Xiao, Rasul & Vollgraf 2017; MIT), a part of CIFAR-10
(Krizhevsky 2009; free for research) and the two small Omniglot sets (Lake, Salakhutdinov & Tenenbaum 2015; MIT).
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

CLOTHES = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
HELD_OUT_DRAWERS = (17, 18, 19, 20)
"""Of Omniglot's twenty people, those whose drawings are the test."""


@dataclass(frozen=True)
class Pictures:
    """One set, split as its owner split it; Omniglot, which has no split, by drawer."""

    name: str
    licence: str
    classes: tuple[str, ...]
    train: np.ndarray
    """uint8 (n, height, width) or (n, height, width, 3)"""
    train_labels: np.ndarray
    """(n,) int64"""
    test: np.ndarray
    test_labels: np.ndarray


def mnist(data: Path) -> Pictures:
    """60000 and 10000 digits, 28x28, light on dark."""
    with np.load(data / "mnist" / "mnist.npz", allow_pickle=False) as arrays:
        train, train_labels = arrays["train_x"], arrays["train_y"].astype(np.int64)
        test, test_labels = arrays["test_x"], arrays["test_y"].astype(np.int64)
    return Pictures("MNIST", "CC BY-SA 3.0", tuple("0123456789"), train, train_labels, test, test_labels)


def clothes(data: Path) -> Pictures:
    """12000 and 6000 pieces of clothing, 28x28, light on dark."""
    folder = data / "fashion_mnist"
    return Pictures(
        "Fashion-MNIST (12000 of its training pictures)",
        "MIT",
        CLOTHES,
        *(_idx(folder / f"train-{part}-ubyte.gz") for part in ("images-idx3", "labels-idx1")),
        *(_idx(folder / f"t10k-{part}-ubyte.gz") for part in ("images-idx3", "labels-idx1")),
    )


def objects(data: Path) -> Pictures:
    """10000 and 2000 photographs, 32x32, in colour."""
    found: dict[str, list[tuple[str, np.ndarray]]] = {"train": [], "test": []}
    with zipfile.ZipFile(data / "cifar10_subset" / "cifar10_subset_jpg.zip") as archive:
        for name in sorted(n for n in archive.namelist() if n.endswith(".jpg")):
            split, label, _ = name.split("/")[-3:]
            found[split].append((label, np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB"))))
    classes, train, train_labels, test, test_labels = _stacked(found["train"], found["test"])
    licence = "free for research; cite Krizhevsky 2009"
    name = "CIFAR-10 (10000 of its training pictures)"
    return Pictures(name, licence, classes, train, train_labels, test, test_labels)


def letters(data: Path) -> Pictures:
    """292 characters of ten alphabets, each drawn by twenty people, 105x105, dark on light; four drawers are the test."""
    train: list[tuple[str, np.ndarray]] = []
    test: list[tuple[str, np.ndarray]] = []
    for part in ("small1", "small2"):
        with zipfile.ZipFile(data / "omniglot_small" / f"images_background_{part}.zip") as archive:
            for name in sorted(n for n in archive.namelist() if n.endswith(".png")):
                alphabet, character, file = name.split("/")[-3:]
                drawer = int(file.removesuffix(".png").rpartition("_")[2])
                picture = np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("L"))
                (test if drawer in HELD_OUT_DRAWERS else train).append((f"{part}/{alphabet}/{character}", picture))
    classes, *arrays = _stacked(train, test)
    return Pictures("Omniglot, the two small background sets", "MIT", classes, *arrays)


READERS: dict[str, Callable[[Path], Pictures]] = {
    "mnist": mnist,
    "clothes": clothes,
    "objects": objects,
    "letters": letters,
}


def _stacked(
    train: list[tuple[str, np.ndarray]], test: list[tuple[str, np.ndarray]]
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    classes = tuple(sorted({label for label, _ in train}))
    number = {label: i for i, label in enumerate(classes)}
    arrays = [
        array
        for split in (train, test)
        for array in (np.stack([picture for _, picture in split]), np.array([number[label] for label, _ in split]))
    ]
    return classes, arrays[0], arrays[1], arrays[2], arrays[3]


def _idx(path: Path) -> np.ndarray:
    """Pictures (n, 28, 28) uint8 or labels (n,) int64 of a gzipped IDX file."""
    content = gzip.decompress(path.read_bytes())
    axes = content[3]
    shape = tuple(int.from_bytes(content[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(axes))
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)
    return values if axes == 3 else values.astype(np.int64)
