"""The introductory recipes of the field, run as a person runs them, on a little real data.

Two epochs a fit: it is shown that they run from the file to the verdict, not how well they learn.
"""

import importlib.util
import io
import itertools
import re
import runpy
import sys
import tokenize
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
MOST_LINES = 15
DIGITS = 120
"""Pictures of digits, 12 of each, unless more are asked for."""

needs_keras = pytest.mark.skipif(importlib.util.find_spec("keras") is None, reason="keras is not installed")


@pytest.fixture(autouse=True)
def workplace(tmp_path, monkeypatch):
    """An empty folder to work in, and a cache of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRANSFERKIT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("transferkit.training.gradient_method.epochs_for", lambda *given, **named: 2)
    monkeypatch.setattr("transferkit.training.schedule.epochs_for", lambda *given, **named: 2)


def run(name, monkeypatch, capsys, *arguments):
    """What an example prints."""
    monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
    monkeypatch.setenv("COLUMNS", "1000")  # names of arms hold paths, and are to stay on one line
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    return capsys.readouterr().out


def folder_of(pictures, labels, folder):
    """One folder of pictures a class, a third of them under test/: what is sealed by its owner is not cross-fitted."""
    for i, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        inside = folder / ("train", "test", "train")[i % 3] / str(label)
        inside.mkdir(parents=True, exist_ok=True)
        picture.save(inside / f"{i:04}.png")
    return folder


def digits(shared_data, folder, n=DIGITS):
    data = np.load(shared_data / "mnist" / "mnist.npz")
    chosen = np.concatenate([np.flatnonzero(data["train_y"] == digit)[: n // 10] for digit in range(10)])
    return folder_of(map(Image.fromarray, data["train_x"][chosen]), data["train_y"][chosen], folder)


def letters(shared_data, n_characters, n_each=20):
    """Handwritten characters as dark strokes on light ground are turned into light ones on dark, like the digits."""
    with zipfile.ZipFile(shared_data / "omniglot_small" / "images_background_small1.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".png") and "__MACOSX" not in name)
        groups = itertools.groupby(names, lambda name: "-".join(name.split("/")[-3:-1]))
        for character, files in itertools.islice(groups, n_characters):
            for file in itertools.islice(files, n_each):
                drawn = Image.open(io.BytesIO(archive.read(file))).convert("L").resize((28, 28), Image.Resampling.BOX)
                yield Image.eval(drawn, lambda grey: min(255, 2 * (255 - grey))), character


def objects(shared_data, folder, n_each):
    """Pictures of things, from the test split: `zoo:objects-cnn` was trained on the other."""
    with zipfile.ZipFile(shared_data / "cifar10_subset" / "cifar10_subset_jpg.zip") as archive:
        names = sorted(name for name in archive.namelist() if "/test/" in name and name.endswith(".jpg"))
        groups = itertools.groupby(names, lambda name: name.split("/")[-2])
        chosen = [(name, label) for label, files in groups for name in itertools.islice(files, n_each)]
        pictures = (Image.open(io.BytesIO(archive.read(name))) for name, _ in chosen)
        return folder_of(pictures, [label for _, label in chosen], folder)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_it_takes_few_lines(path):
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
    lines = {token.start[0] for token in tokens if token.type in (tokenize.NAME, tokenize.OP)}
    assert 5 < len(lines) <= MOST_LINES


@needs_keras
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
def test_a_saved_keras_model_with_a_new_output(shared_data, tmp_path, monkeypatch, capsys):
    from transferkit.sources.architectures._keras_backend import keras_on_torch

    keras = keras_on_torch()
    layers = keras.layers
    drawn = list(letters(shared_data, n_characters=20))
    classes = sorted({character for _, character in drawn})
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(16, 3, strides=2, activation="relu"),
            layers.Conv2D(32, 3, strides=2, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(len(classes), activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    pixels = np.stack([np.asarray(picture) for picture, _ in drawn])[..., None].astype("float32")
    model.fit(pixels, np.array([classes.index(c) for _, c in drawn]), batch_size=64, epochs=3, verbose=0)
    model.save("pretrained_model.h5")
    folder = digits(shared_data, tmp_path / "digits")
    new = next((folder / "test" / "7").glob("*.png"))
    said = run("keras_with_a_new_output", monkeypatch, capsys, "pretrained_model.h5", folder, new)
    assert "full < keras:pretrained_model.h5" in said
    assert re.search(r"\.png is \d$", said, re.MULTILINE)


@needs_keras
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own
def test_a_frozen_vgg16_with_fused_features(shared_data, tmp_path, monkeypatch, capsys):
    """VGG16 layer by layer, but an eighth as wide and untrained: its weights come from no package index."""
    from transferkit.sources.architectures._keras_backend import keras_on_torch

    keras = keras_on_torch()
    layers = keras.layers
    keras.utils.set_random_seed(0)
    inside = []
    for depth, width in ((2, 8), (2, 16), (3, 32), (3, 64), (3, 64)):
        inside += [layers.Conv2D(width, 3, padding="same", activation="relu") for _ in range(depth)]
        inside.append(layers.MaxPooling2D(2))
    keras.Sequential([keras.Input((32, 32, 3)), *inside]).save("vgg16.keras")
    folder = objects(shared_data, tmp_path / "objects", n_each=8)
    said = run("frozen_vgg16_with_fused_features", monkeypatch, capsys, "vgg16.keras", folder)
    assert "full < keras:with_top.keras" in said
    assert "fusion < zoo:objects-cnn +" in said


def test_from_digits_to_letters(shared_data, tmp_path, monkeypatch, capsys):
    source = digits(shared_data, tmp_path / "digits", n=300)
    drawn = list(letters(shared_data, n_characters=6))
    target = folder_of([picture for picture, _ in drawn], [character for _, character in drawn], tmp_path / "letters")
    new = next(target.glob("test/*/*.png"))
    said = run("from_digits_to_letters", monkeypatch, capsys, source, target, new)
    assert f"full < {source}" in said
    assert re.search(r"\.png is \w+-character\d+$", said, re.MULTILINE)


def test_a_mapping_between_feature_spaces(shared_data, tmp_path, monkeypatch, capsys):
    folder = objects(shared_data, tmp_path / "objects", n_each=60)
    said = run("mapping_between_feature_spaces", monkeypatch, capsys, folder)
    explained = int(said.split("explains ")[1].split("%")[0])
    assert 20 < explained < 100


def test_a_frozen_backbone_against_scratch(shared_data, tmp_path, monkeypatch, capsys):
    files = [
        file for name in ("cats", "dogs") for file in sorted((shared_data / "cats_dogs/train" / name).glob("*"))[:20]
    ]
    pictures = [Image.open(file).convert("RGB").resize((128, 128)) for file in files]
    folder = folder_of(pictures, [file.parent.name for file in files], tmp_path / "cats_dogs")
    weights = shared_data / "weights_mobilenet" / "mobilenet_v1_0.25_128.safetensors"
    said = run("frozen_backbone_against_scratch", monkeypatch, capsys, weights, folder)
    assert "linear_probe < torch:" in said
    assert (tmp_path / "runs" / "cats_dogs" / "report.html").is_file()
