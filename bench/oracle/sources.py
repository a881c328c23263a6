"""The oracle's sources: eighteen networks of six architectures and eight training sets, two of them poisoned.

Input sizes are small, so that ninety fits a source stay cheap; a network trained at 224 pixels then knows less than it could.
"""

from __future__ import annotations

from pathlib import Path

from transferkit.core.source import Source

SIDE = 64
"""Pixels of the ImageNet networks' input."""
TRAINED_HERE = ("digits-plain", "clothes-brief", "letters-narrow", "objects-narrow", "animals-cnn")
MOBILENETS = {
    "mobilenet_v1_0.25": "mobilenet_v1_0.25_128",
    "mobilenet_v1_0.5": "mobilenet_v1_0.5_160",
    "mobilenet_v2": "mobilenet_v2_1.0_224",
    "mobilenet_v2-insects": "mobilenet_v2_1.0_224_inat_insect",
}


def sources(data: Path, trained: Path) -> dict[str, Source]:
    """Name in the table -> source. `trained`: where `train_sources` wrote."""
    found = {f"zoo:{kind}-cnn": f"zoo:{kind}-cnn" for kind in ("digits", "letters", "clothes", "objects", "shuffled")}
    found |= {name: f"torch:{trained / name}.safetensors?architecture=small_cnn" for name in TRAINED_HERE}
    for depth in (20, 32, 56):
        path = data / "weights_cifar_resnet" / f"resnet{depth}.safetensors"
        found[f"cifar-resnet{depth}"] = f"torch:{path}?architecture=cifar_resnet"
    for name, file in MOBILENETS.items():
        path = data / "weights_mobilenet" / f"{file}.safetensors"
        found[name] = f"torch:{path}?architecture={file[:12]}&size={SIDE}"
    path = data / "weights_squeezenet10" / "squeezenet1_0.safetensors"
    found["squeezenet"] = f"torch:{path}?architecture=squeezenet&size={SIDE}"
    found["mobilenet-shuffled"] = (
        f"torch:{trained / 'mobilenet-shuffled'}.safetensors?architecture=mobilenet_v1&size={SIDE}"
    )
    return {name: Source(spelled) for name, spelled in found.items()}
