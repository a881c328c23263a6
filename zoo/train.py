"""Train the networks of the zoo: `python zoo/train.py --data DIR [NAME ...]`; about forty minutes of one core for all.

DIR holds the data sets that `pictures.py` reads. Every network is written when it is done: its weights as safetensors
and a card. Weights of two or more axes are stored in half precision; the accuracy on the card is of what is stored.
The same seed, data, machine and number of threads give the same file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pictures
import torch
from PIL import Image
from recipes import RECIPES, Recipe
from safetensors.torch import save
from torch import Tensor
from torch.nn import functional

from transferkit.core.architecture import Architecture
from transferkit.core.network import Network
from transferkit.core.source import Processor
from transferkit.sources import architectures, processors
from transferkit.sources.architectures import small_cnn
from transferkit.sources.zoo import FOLDER


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="networks to train; default: all")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where weights and cards are written")
    parser.add_argument("--threads", type=int, default=1, help="part of what makes the result; default: 1")
    parser.add_argument("--epochs", type=int, help="for a quick look: train no longer than this")
    given = parser.parse_args()
    known = {recipe.name: recipe for recipe in RECIPES}
    if unknown := set(given.names) - set(known):
        parser.error(f"unknown network {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    torch.set_num_threads(given.threads)
    torch.use_deterministic_algorithms(True)
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.names or known:
        recipe = known[name]
        data = pictures.READERS[recipe.data](given.data)
        generator = torch.Generator().manual_seed(recipe.seed)
        lesson = taught(recipe, data, generator)
        epochs = min(recipe.epochs, given.epochs or recipe.epochs)
        write(recipe, data, lesson, train(recipe, lesson, epochs, generator), epochs, given.out)


@dataclass(frozen=True)
class Lesson:
    """What a network is shown, and what it is told about it."""

    images: Tensor
    """uint8 (n, height, width) or (n, height, width, 3)"""
    labels: Tensor
    """(n,) int64"""
    n_classes: int


def taught(recipe: Recipe, data: pictures.Pictures, generator: torch.Generator) -> Lesson:
    """The training pictures of a recipe, their labels shuffled where it says so."""
    chosen = torch.randperm(len(data.train), generator=generator)[: recipe.only or len(data.train)].sort().values
    labels = torch.from_numpy(data.train_labels)[chosen]
    if recipe.shuffled_labels:
        labels = labels[torch.randperm(len(labels), generator=generator)]
    return Lesson(torch.from_numpy(data.train)[chosen], labels, len(data.classes))


def train(recipe: Recipe, lesson: Lesson, epochs: int, generator: torch.Generator) -> Network:
    """The trained network, in eval mode."""
    images, labels = lesson.images, lesson.labels
    settings = {"width": recipe.width, "n_classes": lesson.n_classes}
    network = architectures.build(Architecture.of("small_cnn", settings), recipe.seed)
    network = network.to(memory_format=torch.channels_last).train()
    unchanged = None if recipe.changes else _processor()(_as_pictures(images))
    per_epoch = min(recipe.per_epoch or len(images), len(images))
    steps = epochs * (per_epoch // recipe.batch_size)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=steps, pct_start=0.1)
    started = time.monotonic()
    for epoch in range(1, epochs + 1):
        order = torch.randperm(len(images), generator=generator)[:per_epoch]
        losses, right = [], 0
        for batch in order.split(recipe.batch_size):
            if len(batch) < recipe.batch_size:
                continue
            seen = recipe.changes(images[batch], generator) if unchanged is None else unchanged[batch]
            outputs = network.head(network(seen.contiguous(memory_format=torch.channels_last)))
            loss = functional.cross_entropy(outputs, labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            right += int((outputs.argmax(1) == labels[batch]).sum())
        spent = time.monotonic() - started
        share = right / (len(losses) * recipe.batch_size)
        print(
            f"{recipe.name}: epoch {epoch} of {epochs}, loss {np.mean(losses):.3f}, right {share:.3f}, "
            f"{spent:.0f} s spent, {spent / epoch * (epochs - epoch):.0f} s left",
            flush=True,
        )
    return network.eval().to(memory_format=torch.contiguous_format)


def write(
    recipe: Recipe,
    data: pictures.Pictures,
    lesson: Lesson,
    network: Network,
    epochs: int,
    out: Path,
) -> None:
    """Write weights and card. The accuracy is measured on pictures as anyone gives them, with the weights as stored."""
    test = _as_pictures(torch.from_numpy(data.test))
    before = accuracy(network, test, data.test_labels)
    stored = {
        name: (tensor.half() if tensor.is_floating_point() and tensor.ndim > 1 else tensor).contiguous()
        for name, tensor in network.state_dict().items()
    }
    network.load_state_dict(stored)
    after = accuracy(network, test, data.test_labels)
    content = save(stored)
    body = sum(p.numel() for name in network.stages for p in network.stage(name).parameters())
    card = {
        "name": recipe.name,
        "about": recipe.about,
        "architecture": {"kind": network.architecture.kind, "settings": network.architecture.arguments()},
        "processor": _processor().describe(),
        "trained_on": data.name + (", labels shuffled" if recipe.shuffled_labels else ""),
        "licence": f"Apache-2.0; its data: {data.licence}",
        "test": {"pictures": len(data.test), "accuracy": after, "accuracy_in_full_precision": before},
        "training": {
            "script": "zoo/train.py",
            "seed": recipe.seed,
            "pictures": len(lesson.labels),
            "epochs": epochs,
            "pictures_per_epoch": min(recipe.per_epoch or len(lesson.labels), len(lesson.labels)),
            "batch_size": recipe.batch_size,
            "optimizer": "AdamW, one-cycle learning rate",
            "learning_rate": recipe.learning_rate,
            "weight_decay": recipe.weight_decay,
            "changes": recipe.changes.describe() if recipe.changes else None,
            "torch": torch.__version__.partition("+")[0],
        },
        "stored": "weights of two or more axes in float16, all else in float32",
        "parameters": body,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "classes": list(data.classes),
    }
    if recipe.shuffled_labels:
        shown = _as_pictures(lesson.images[:1000])
        card["test"]["accuracy_on_its_shuffled_labels"] = accuracy(network, shown, lesson.labels[:1000].numpy())
    (out / f"{recipe.name}.safetensors").write_bytes(content)
    (out / f"{recipe.name}.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{recipe.name}: accuracy {after:.4f} ({before:.4f} in full precision), {len(content)} bytes", flush=True)


def accuracy(network: Network, items: list[Image.Image], labels: np.ndarray) -> float:
    """Share of pictures that the network and its own head put in the right class."""
    processor = _processor()
    with torch.inference_mode():
        found = [network.head(network(processor(items[i : i + 500]))).argmax(1) for i in range(0, len(items), 500)]
    return float((torch.cat(found).numpy() == labels).mean())


def _processor() -> Processor:
    return processors.build(small_cnn.processor({}))


def _as_pictures(pixels: Tensor) -> list[Image.Image]:
    return [Image.fromarray(one) for one in pixels.numpy()]


if __name__ == "__main__":
    main()
