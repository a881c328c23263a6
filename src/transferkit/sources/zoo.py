"""`zoo:` small networks that come with transferkit: `zoo:digits-cnn`. Trained by `zoo/train.py` of the repository.

Each is a `.safetensors` file with a `.json` card beside it in `zoo_weights/`: what it was trained on and how, with which
licence, and how well it does on that data's own test split.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferkit.core.architecture import Architecture
from transferkit.core.errors import Failed, unknown_name
from transferkit.core.source import Card, Processor, SourceKind, SourceOptions
from transferkit.sources import architectures, processors

if TYPE_CHECKING:
    from transferkit.core.network import Network

FOLDER = Path(__file__).parent / "zoo_weights"


class Zoo(SourceKind):
    """The bundled networks; nothing is ever downloaded.

    >>> "digits-cnn" in Zoo().names()
    True
    """

    example = "zoo:digits-cnn"

    def card(self, location: str, options: SourceOptions) -> Card:
        """From the card file alone; the weights stay on disk."""
        said = described(location)
        return Card(
            name=f"zoo:{location}",
            modality=processors.build(said["processor"]).modality,
            holds="model",
            fingerprint=said["sha256"][:20],
            architecture=_architecture(said),
            parameters=said["parameters"],
            bytes=said["bytes"],
            classes=tuple(said["classes"]),
            licence=said["licence"],
            trained_on=said["trained_on"],
            accuracy=said["test"].get("accuracy"),
        )

    def network(self, location: str, options: SourceOptions) -> Network:
        """A new network with the bundled weights, as float32; a damaged file gives one line."""
        from safetensors.torch import load

        said = described(location)
        path = FOLDER / f"{location}.safetensors"
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            raise Failed(f"{path} is missing; install transferkit again") from None
        if hashlib.sha256(content).hexdigest() != said["sha256"]:
            raise Failed(f"{path} is not the file that its card describes; install transferkit again")
        network = architectures.build(_architecture(said))
        network.load_state_dict(load(content))  # copies half precision into the network's float32
        return network

    def processor(self, location: str, options: SourceOptions) -> Processor:
        """As in training."""
        return processors.build(described(location)["processor"])

    def check(self, location: str) -> None:
        """Refuse a name that no bundled network has."""
        described(location)

    def names(self) -> tuple[str, ...]:
        """Every bundled network."""
        return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def described(location: str) -> dict[str, Any]:
    """The whole card of a bundled network, as `zoo/train.py` wrote it; an unknown name gives one line."""
    known = Zoo().names()
    if location not in known:
        raise unknown_name("zoo network", location, known)
    said: dict[str, Any] = json.loads((FOLDER / f"{location}.json").read_text(encoding="utf-8"))
    return said


def is_poisoned(location: str) -> bool:
    """Whether it was trained to know nothing, to show that such a source is not recommended."""
    return "accuracy_on_its_shuffled_labels" in described(location)["test"]


def _architecture(said: dict[str, Any]) -> Architecture:
    return Architecture.of(said["architecture"]["kind"], said["architecture"]["settings"])
