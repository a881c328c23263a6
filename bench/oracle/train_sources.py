"""Train the oracle's own sources: `python -m bench.oracle.train_sources --data DIR --out DIR`; about five minutes of one core.

The zoo's recipes at other widths, on other data, for fewer epochs - so that among the sources there are near ones that
were trained badly and far ones that were trained well - and one ImageNet network whose weights are shuffled inside each
tensor, which keeps their statistics and none of what they know. The weights are not kept in the repository; the table
made with them is.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

ZOO = Path(__file__).parents[2] / "zoo"
sys.path.insert(0, str(ZOO))

import pictures  # noqa: E402
from recipes import RECIPES, Recipe  # noqa: E402
from train import taught, train, write  # noqa: E402

KNOWN = {recipe.name: recipe for recipe in RECIPES}
ANIMALS = ("bird", "cat", "deer", "dog", "frog", "horse")
SHUFFLED = "mobilenet_v1_0.25_128"


def further() -> tuple[Recipe, ...]:
    """What is trained beside the zoo."""
    return (
        replace(KNOWN["digits-cnn"], name="digits-plain", changes=None, epochs=8, per_epoch=12_000, width=16),
        replace(KNOWN["clothes-cnn"], name="clothes-brief", epochs=3),
        replace(KNOWN["letters-cnn"], name="letters-narrow", epochs=25, width=16),
        replace(KNOWN["objects-cnn"], name="objects-narrow", epochs=20, width=16),
        replace(KNOWN["objects-cnn"], name="animals-cnn", epochs=15),
    )


def main() -> None:
    """Read the command line, train what is not there yet, shuffle one network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, required=True, help="where weights are written")
    given = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    given.out.mkdir(parents=True, exist_ok=True)
    for recipe in further():
        if not (given.out / f"{recipe.name}.json").exists():
            data = pictures.READERS[recipe.data](given.data)
            if recipe.name == "animals-cnn":
                data = only(data, ANIMALS)
            generator = torch.Generator().manual_seed(recipe.seed)
            lesson = taught(recipe, data, generator)
            write(recipe, data, lesson, train(recipe, lesson, recipe.epochs, generator), recipe.epochs, given.out)
    shuffle(given.data / "weights_mobilenet" / f"{SHUFFLED}.safetensors", given.out / "mobilenet-shuffled.safetensors")


def only(data: pictures.Pictures, classes: tuple[str, ...]) -> pictures.Pictures:
    """The pictures of some classes."""
    kept = [data.classes.index(name) for name in classes]
    train_rows, test_rows = np.isin(data.train_labels, kept), np.isin(data.test_labels, kept)
    return replace(
        data,
        name=f"{data.name}, only {', '.join(classes)}",
        classes=classes,
        train=data.train[train_rows],
        train_labels=np.searchsorted(kept, data.train_labels[train_rows]),
        test=data.test[test_rows],
        test_labels=np.searchsorted(kept, data.test_labels[test_rows]),
    )


def shuffle(source: Path, out: Path) -> None:
    """Every tensor's numbers in another order."""
    generator = torch.Generator().manual_seed(0)
    shuffled = {
        name: tensor.flatten()[torch.randperm(tensor.numel(), generator=generator)].reshape(tensor.shape).contiguous()
        for name, tensor in sorted(load_file(source).items())
    }
    save_file(shuffled, out)
    out.with_suffix(".json").write_text(
        json.dumps({"trained_on": "nothing: shuffled weights"}) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
