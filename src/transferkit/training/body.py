"""Body: a network that is not there yet - what it is, how items become its input, how to make it.

Ranking, probing and scratch all start from a body; its network is made only when no cached pass serves.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from transferkit.core.architecture import Architecture
from transferkit.core.network import Network
from transferkit.core.source import Processor, Source
from transferkit.sources import architectures


@dataclass(frozen=True, eq=False)
class Body:
    """`make()` gives a new network each time; equal fingerprints mean equal weights and equal processing."""

    architecture: Architecture
    processor: Processor
    fingerprint: str
    make: Callable[[], Network]

    @classmethod
    def pretrained(cls, source: Source) -> Body:
        """The source's network with its weights."""
        card, processor = source.card(), source.processor()
        if card.architecture is None:
            raise ValueError(f"source {source.name} holds {card.holds}, not a network")
        return cls(card.architecture, processor, f"{card.fingerprint}|{_text(processor)}", source.network)

    @classmethod
    def fresh(cls, architecture: Architecture, processor: Processor, seed: int) -> Body:
        """The same architecture, newly initialised from `seed`, with what inference folds away put back."""
        architecture = architectures.from_scratch(architecture)
        fingerprint = f"fresh-{architecture.fingerprint}-{seed}|{_text(processor)}"
        return cls(architecture, processor, fingerprint, lambda: architectures.build(architecture, seed))


def _text(processor: Processor) -> str:
    return json.dumps(processor.describe(), sort_keys=True)
