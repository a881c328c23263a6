"""`words:` word vectors, with a small network on top: `words:glove.6B.100d.txt?network=text_cnn`.

After the `?` may stand `network` (`bag`: mean and maximum of the vectors, the default; `bilstm`; `text_cnn`), `most` (words
kept, the first of the file), `length` (words read of a text) and `lowercase` (true where no word of the file has a capital).
The vectors alone are pretrained: what a network has on top of them starts from fixed random weights. A `.json` beside the
file may say `licence` and `trained_on`. See `sources/word_vectors.py` for the files that can be read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse, unknown_name
from transferkit.core.source import Card, Processor, SourceKind, SourceOptions
from transferkit.sources import architectures, fingerprint, word_vectors
from transferkit.sources.processors.words import FIRST, WordProcessor
from transferkit.sources.word_vectors import WordVectors

if TYPE_CHECKING:
    from transferkit.core.network import Network

NETWORKS = {"bag": "word_bag", "bilstm": "bilstm", "text_cnn": "text_cnn"}
"""What follows `network=` -> the architecture."""
MOST = 50_000


class Words(SourceKind):
    """Word vectors in a file."""

    example = "words:glove.6B.100d.txt"

    def card(self, location: str, options: SourceOptions) -> Card:
        """From the file, read once; what was read is kept for the network."""
        asked = _asked(location)
        architecture = _architecture(asked, asked.read())
        said = _sidecar(asked.path)
        return Card(
            name=f"words:{location}",
            modality="text",
            holds="model",
            fingerprint=fingerprint.of_files(word_vectors.files_of(asked.path), f"{architecture}{asked.most}"),
            architecture=architecture,
            parameters=_parameters(architecture),
            bytes=asked.path.stat().st_size,
            licence=str(said.get("licence", "unknown")),
            trained_on=str(said.get("trained_on", "unknown")),
        )

    def network(self, location: str, options: SourceOptions) -> Network:
        """The network with the file's vectors in its first stage."""
        import torch

        asked = _asked(location)
        held = asked.read()
        network = architectures.build(_architecture(asked, held))
        with torch.no_grad():
            network.stage("embedding").weight[FIRST:].copy_(torch.from_numpy(held.vectors.copy()))  # type: ignore[index, union-attr]
        return network

    def processor(self, location: str, options: SourceOptions) -> Processor:
        """Texts to numbers of the file's words."""
        asked = _asked(location)
        words = asked.read().words
        lowercase = not any(word != word.lower() for word in words) if asked.lowercase is None else asked.lowercase
        return WordProcessor(words=words, lowercase=lowercase, length=asked.length)

    def check(self, location: str) -> None:
        """Refuse a file that is not there and a setting that nobody knows."""
        _asked(location)


@dataclass(frozen=True)
class _Asked:
    """What a location says."""

    path: Path
    network: str
    most: int
    length: int
    lowercase: bool | None

    def read(self) -> WordVectors:
        return word_vectors.read(self.path, self.most)


def _asked(location: str) -> _Asked:
    file_name, _, query = location.partition("?")
    path = Path(file_name).expanduser()
    said = dict(parse_qsl(query, keep_blank_values=True))
    for name in said:
        if name not in ("network", "most", "length", "lowercase"):
            raise unknown_name("setting of a words source", name, ("network", "most", "length", "lowercase"))
    if (network := said.get("network", "bag")) not in NETWORKS:
        raise unknown_name("network on word vectors", network, NETWORKS)
    if (lowercase := said.get("lowercase")) not in (None, "true", "false"):
        raise WrongUse(f"words source: lowercase={lowercase} is neither true nor false")
    if not path.is_file():
        raise WrongUse(f"words source: no such file {file_name!r}; name a GloVe or word2vec file, or a .safetensors")
    return _Asked(
        path=path,
        network=network,
        most=_whole_number("most", said.get("most", str(MOST))),
        length=_whole_number("length", said.get("length", str(WordProcessor.length))),
        lowercase=None if lowercase is None else lowercase == "true",
    )


def _architecture(asked: _Asked, held: WordVectors) -> Architecture:
    n_words, length = held.vectors.shape
    return Architecture.of(NETWORKS[asked.network], {"n_words": n_words, "word_dim": length})


def _parameters(architecture: Architecture) -> int:
    import torch

    with torch.device("meta"):
        return sum(parameter.numel() for parameter in architectures.build(architecture).parameters())


def _sidecar(path: Path) -> dict[str, Any]:
    beside = path.with_suffix(".json")
    if not beside.is_file():
        return {}
    try:
        said = json.loads(beside.read_text(encoding="utf-8"))
    except ValueError as reason:
        raise WrongUse(f"{beside} is not JSON: {reason}") from None
    return said if isinstance(said, dict) else {}


def _whole_number(name: str, text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise WrongUse(f"words source: {name}={text} is not a whole number above 0")
    return int(text)
