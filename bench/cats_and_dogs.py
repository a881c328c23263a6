"""What several experiments run on: photographs of cats and dogs, and networks to look at them with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bench.experiment import needed
from transferkit.core.source import Source
from transferkit.core.target import Target


def cats_and_dogs(data: Path) -> Target:
    """400 open labels; the 200 pictures of the owner's validation folder are the sealed test."""
    (folder,) = needed(data, "cats_dogs")
    return Target.read(folder)


def judged_in_training(target: Target) -> Target:
    """Every open label in train, and the test as validation: for experiments on speed, which claim nothing of the data."""
    return replace(target.whole(), validation=target.test.open("an experiment on speed"))


def mobilenet(data: Path, name: str) -> Source:
    """One of the ImageNet networks, named as its file: `mobilenet_v2_1.0_224`."""
    (folder,) = needed(data, "weights_mobilenet")
    architecture, _, size = name.rsplit("_", 2)  # between them the width, which the weights tell
    return Source(f"torch:{folder / name}.safetensors?architecture={architecture}&size={size}")
