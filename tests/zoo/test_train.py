"""The script that trains the zoo, on made-up pictures small enough to take no time."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

SCRIPTS = Path(__file__).resolve().parents[2] / "zoo"
MODULES = ("augmentation", "pictures", "recipes", "train")


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    """The script's modules, as they import each other when it is run."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    for name in MODULES:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield {name: __import__(name) for name in MODULES}
    for name in MODULES:
        sys.modules.pop(name)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two kinds of blots under MNIST's name: light above, light below."""
    rng = np.random.default_rng(0)

    def blots(n: int) -> tuple[np.ndarray, np.ndarray]:
        labels = np.arange(n) % 2
        pixels = np.zeros((n, 28, 28), np.uint8)
        for one, label in zip(pixels, labels, strict=True):
            top, left = (4 if label else 16) + rng.integers(-2, 3), 10 + rng.integers(-4, 5)
            one[top : top + 8, left : left + 8] = 255
        return pixels, labels.astype(np.uint8)

    (train_x, train_y), (test_x, test_y) = blots(256), blots(20)
    (tmp_path / "mnist").mkdir()
    np.savez(tmp_path / "mnist" / "mnist.npz", train_x=train_x, train_y=train_y, test_x=test_x, test_y=test_y)
    return tmp_path


def run(scripts: dict[str, ModuleType], data: Path, out: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    arguments = [name, "--data", str(data), "--out", str(out), "--epochs", "1"]
    monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
    try:
        scripts["train"].main()
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(deterministic)


@pytest.mark.parametrize("name", ["digits-cnn", "shuffled-cnn"])
def test_same_seed_writes_the_same_file(
    name: str, scripts: dict[str, ModuleType], data: Path, monkeypatch: pytest.MonkeyPatch
):
    for out in ("first", "again"):
        run(scripts, data, data / out, monkeypatch, name)
    first, again = ((data / out / f"{name}.safetensors").read_bytes() for out in ("first", "again"))
    assert first == again
    card = json.loads((data / "first" / f"{name}.json").read_text())
    assert card["test"]["pictures"] == 20
    assert card["training"]["pictures"] == 256
    assert card["bytes"] == len(first)
    assert ("shuffled" in card["trained_on"]) == (name == "shuffled-cnn")


def test_every_recipe_reads_known_data_and_has_a_name_of_its_own(scripts: dict[str, ModuleType]):
    recipes = scripts["recipes"].RECIPES
    assert {recipe.data for recipe in recipes} == set(scripts["pictures"].READERS)
    assert len({recipe.name for recipe in recipes}) == len(recipes)


def test_changed_pictures_are_what_the_network_takes(scripts: dict[str, ModuleType]):
    sides = {"mnist": (28, 28), "clothes": (28, 28), "letters": (105, 105), "objects": (32, 32, 3)}
    rng = np.random.default_rng(0)
    for recipe in scripts["recipes"].RECIPES:
        if recipe.changes is None:
            continue
        pixels = torch.from_numpy(rng.integers(0, 256, (16, *sides[recipe.data]), dtype=np.uint8))
        batches = [recipe.changes(pixels, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)]
        assert batches[0].shape == (16, 3, 32, 32)
        assert batches[0].abs().max() <= 1
        assert torch.equal(batches[0], batches[1])
        assert not torch.equal(batches[0], batches[2])


def test_a_drawing_fills_the_share_of_the_frame_that_was_asked_for(scripts: dict[str, ModuleType]):
    pixels = torch.zeros(4, 28, 28, dtype=torch.uint8)
    pixels[:, 3:13, 12:22] = 255  # ten pixels wide and high, off centre
    still = {"degrees": 0.0, "shear": 0.0, "shift": 0.0, "invert_share": 0.0, "noise": 0.0}
    changes = scripts["augmentation"].Drawings(fill=(0.5, 0.5), **still)
    light = changes(pixels, torch.Generator().manual_seed(0))[:, 0] > -0.5
    tall, wide = light.any(2).sum(1), light.any(1).sum(1)
    assert all(14 <= side <= 18 for side in [*tall.tolist(), *wide.tolist()])  # half of 32, 7 % of jitter
    middle = light[:, 14:18, 14:18]
    assert middle.all()


def test_an_unknown_network_is_named(
    scripts: dict[str, ModuleType], data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit):
        run(scripts, data, data, monkeypatch, "digit-cnn")
    assert "unknown network digit-cnn; known: digits-cnn" in capsys.readouterr().err
