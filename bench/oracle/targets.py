"""The oracle's targets: ten small problems on pictures that no source was trained on, each with its own fixed test.

Kinds differ on purpose: scanned digits, clothing, small photographs, larger photographs, drawn characters, blood cells under a
microscope, patches of street scenes, and spectrograms of speech. 60 to 120 labels, 268 to 1000 test items.
"""

from __future__ import annotations

import io
import wave
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from transferkit.core.errors import Failed
from transferkit.core.target import Target

Labelled = tuple[list[Image.Image], list[str]]

VEHICLES = ("airplane", "automobile", "ship", "truck")
ANIMALS = ("bird", "cat", "deer", "dog", "frog", "horse")
HELD_OUT_DRAWERS = (17, 18, 19, 20)
"""Of Omniglot's twenty people, those whose drawings the zoo's letters network never saw."""
STREET = {0: "sky", 1: "building", 3: "road", 4: "pavement", 5: "tree", 8: "car"}
PATCH = 36
"""Side in pixels of a street patch, of pictures of 240 x 180."""


def digits(data: Path) -> Target:
    """8x8 digits of UCI; 100 labels."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    pictures = [Image.fromarray(np.round(image * 255 / 16).astype(np.uint8)) for image in bunch.images]
    return _divided("digits", (pictures, [str(label) for label in bunch.target]), 100, 1000)


def usps(data: Path) -> Target:
    """16x16 digits from envelopes; 100 labels."""
    try:
        import h5py
    except ImportError:
        raise Failed("the target usps is an HDF5 file; to read it: pip install h5py") from None
    parts: list[Labelled] = []
    with h5py.File(data / "usps" / "usps.h5") as file:
        for part in ("train", "test"):
            pixels = np.round(file[part]["data"][:].reshape(-1, 16, 16) * 255).astype(np.uint8)
            parts.append(([Image.fromarray(one) for one in pixels], [str(y) for y in file[part]["target"][:]]))
    return _given("usps", parts[0], parts[1], 100, 1000)


def clothes(data: Path) -> Target:
    """28x28 catalogue pictures, of Fashion-MNIST's test split; 100 labels."""
    import gzip

    folder = data / "fashion_mnist"
    pixels = np.frombuffer(gzip.decompress((folder / "t10k-images-idx3-ubyte.gz").read_bytes()), np.uint8, offset=16)
    labels = np.frombuffer(gzip.decompress((folder / "t10k-labels-idx1-ubyte.gz").read_bytes()), np.uint8, offset=8)
    pictures = [Image.fromarray(one) for one in pixels.reshape(-1, 28, 28)]
    return _divided("clothes", (pictures, [f"garment {label}" for label in labels]), 100, 1000)


def vehicles(data: Path) -> Target:
    """32x32 photographs of CIFAR-10's test split; 80 labels."""
    return _divided("vehicles", _cifar_test(data, VEHICLES), 80, 720)


def animals(data: Path) -> Target:
    """32x32 photographs of CIFAR-10's test split; 120 labels."""
    return _divided("animals", _cifar_test(data, ANIMALS), 120, 1000)


def cats_dogs(data: Path) -> Target:
    """Photographs of about 224 pixels; 60 labels."""
    pictures, labels = [], []
    for path in sorted((data / "cats_dogs").glob("*/*/*.jpg")):
        with Image.open(path) as opened:
            pictures.append(opened.convert("RGB").resize((128, 128), Image.Resampling.BICUBIC))
        labels.append(path.parent.name)
    return _divided("cats_dogs", (pictures, labels), 60, 540)


def alphabets(data: Path) -> Target:
    """Which of eight alphabets a drawn character belongs to; drawings of people no source has seen; 120 labels."""
    pictures, labels, met = [], [], set()
    for part in ("small1", "small2"):
        with zipfile.ZipFile(data / "omniglot_small" / f"images_background_{part}.zip") as archive:
            for name in sorted(n for n in archive.namelist() if n.endswith(".png")):
                alphabet, _, file = name.split("/")[-3:]
                if file not in met and int(file.removesuffix(".png").rpartition("_")[2]) in HELD_OUT_DRAWERS:
                    met.add(file)  # Greek and Latin are in both parts
                    drawn = Image.open(io.BytesIO(archive.read(name))).convert("L")
                    pictures.append(drawn.resize((35, 35), Image.Resampling.BOX))
                    labels.append(alphabet)
    return _divided("alphabets", (pictures, labels), 120, 800)


def cells(data: Path) -> Target:
    """Blood cells cut out by their boxes; test pictures are other slides than the 90 labels come from."""
    parts: dict[str, Labelled] = {"train": ([], []), "test": ([], [])}
    for split, names in (("train", "trainval"), ("test", "test")):
        for name in (data / "bccd" / "ImageSets" / "Main" / f"{names}.txt").read_text().split():
            with Image.open(data / "bccd" / "JPEGImages" / f"{name}.jpg") as slide:
                slide.load()
            root = ElementTree.parse(data / "bccd" / "Annotations" / f"{name}.xml").getroot()
            taken: dict[str, int] = {}
            for box in root.iter("object"):
                label = box.findtext("name", "")
                left, top, right, bottom = (
                    int(box.findtext(f"bndbox/{s}", "0")) for s in ("xmin", "ymin", "xmax", "ymax")
                )
                if taken.get(label, 0) >= 2 or right - left < 16 or bottom - top < 16:
                    continue
                taken[label] = taken.get(label, 0) + 1
                # a square around the box's centre, of one size for all, so that a cell's size stays to be seen
                x, y = (left + right) // 2, (top + bottom) // 2
                parts[split][0].append(
                    slide.crop((x - 64, y - 64, x + 64, y + 64)).resize((64, 64), Image.Resampling.BOX)
                )
                parts[split][1].append(label)
    return _given("cells", parts["train"], parts["test"], 60, 400)


def street(data: Path) -> Target:
    """Patches of street scenes of which three quarters are one thing; test patches are of other drives; 90 labels."""
    parts: dict[str, Labelled] = {"train": ([], []), "val": ([], [])}
    generator = np.random.default_rng(0)
    for split, (pictures, labels) in parts.items():
        for path in sorted((data / "camvid_240x180" / split).glob("*.jpg")):
            with Image.open(path) as opened:
                scene = opened.convert("RGB")
            with Image.open(data / "camvid_240x180" / f"{split}annot" / f"{path.stem}.png") as opened:
                truth = np.asarray(opened)
            found: set[str] = set()
            for _ in range(60):
                x, y = int(generator.integers(240 - PATCH)), int(generator.integers(180 - PATCH))
                values, counts = np.unique(truth[y : y + PATCH, x : x + PATCH], return_counts=True)
                label = STREET.get(int(values[counts.argmax()]))
                if label and label not in found and counts.max() >= 0.75 * PATCH**2:
                    found.add(label)  # at most one patch of a kind in a scene
                    pictures.append(scene.crop((x, y, x + PATCH, y + PATCH)))
                    labels.append(label)
    return _given("street", parts["train"], parts["val"], 90, 600)


def spoken(data: Path) -> Target:
    """Spectrograms of spoken digits by six speakers, as grey pictures; 120 labels."""
    (archive_path,) = (data / "fsdd").glob("*.zip")
    pictures, labels = [], []
    with zipfile.ZipFile(archive_path) as archive:
        for name in sorted(n for n in archive.namelist() if n.endswith(".wav")):
            with wave.open(io.BytesIO(archive.read(name))) as sound:
                samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16).astype(np.float64)
            pictures.append(_spectrogram(samples))
            labels.append(Path(name).name.split("_")[0])
    return _divided("spoken", (pictures, labels), 120, 1000)


TARGETS: dict[str, Callable[[Path], Target]] = {
    one.__name__: one for one in (digits, usps, clothes, vehicles, animals, cats_dogs, alphabets, cells, street, spoken)
}


def _spectrogram(samples: np.ndarray) -> Image.Image:
    """64 x 64, log power, frequency upwards, 4 kHz at the top, the whole word from left to right."""
    window = np.hanning(256)
    starts = np.linspace(0, max(len(samples) - 256, 1), 64).astype(int)
    frames = np.stack([np.resize(samples[s : s + 256], 256) * window for s in starts])  # (64, 256)
    power = np.log(np.abs(np.fft.rfft(frames, axis=1))[:, 1:] ** 2 + 1e3).reshape(64, 64, 2).mean(axis=2)
    scaled = (power - power.min()) / max(np.ptp(power), 1e-9)
    return Image.fromarray(np.round(255 * scaled.T[::-1]).astype(np.uint8))


def _cifar_test(data: Path, classes: tuple[str, ...]) -> Labelled:
    pictures, labels = [], []
    with zipfile.ZipFile(data / "cifar10_subset" / "cifar10_subset_jpg.zip") as archive:
        for name in sorted(n for n in archive.namelist() if n.endswith(".jpg")):
            split, label, _ = name.split("/")[-3:]
            if split == "test" and label in classes:
                pictures.append(Image.open(io.BytesIO(archive.read(name))).convert("RGB"))
                labels.append(label)
    return pictures, labels


def _divided(name: str, everything: Labelled, n_labels: int, n_test: int) -> Target:
    """Labels and test drawn from one heap, without overlap."""
    _pictures, labels = everything
    chosen = _drawn(name, labels, n_labels)
    rest = [i for i in range(len(labels)) if i not in set(chosen)]
    return _given(name, _at(everything, chosen), _at(everything, rest), n_labels, n_test)


def _given(name: str, train: Labelled, test: Labelled, n_labels: int, n_test: int) -> Target:
    """`n_labels` of `train`, alike for each class, and `n_test` of `test`."""
    train = _at(train, _drawn(name, train[1], n_labels))
    test = _at(test, _drawn(f"{name} test", test[1], min(n_test, len(test[1]))))
    return Target.of(*train, test=test, name=name, task="classify")


def _drawn(purpose: str, labels: list[str], n: int) -> list[int]:
    """n positions, the classes as alike in number as there are items for."""
    generator = np.random.default_rng(zlib.crc32(purpose.encode()))
    turn: dict[str, int] = {}
    rank = {}
    for i in generator.permutation(len(labels)):
        rank[int(i)] = turn[labels[i]] = turn.get(labels[i], 0) + 1
    return sorted(sorted(rank, key=lambda i: rank[i])[:n])


def _at(examples: Labelled, positions: list[int]) -> Labelled:
    return [examples[0][i] for i in positions], [examples[1][i] for i in positions]
