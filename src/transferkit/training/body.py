"""Body: a network that is not there yet - what it is, how items become its input, how to make it.

Ranking, probing and scratch all start from a body; its network is made only when no cached pass serves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.network import Network
from transferkit.core.source import Processor, Source
from transferkit.core.target import Target
from transferkit.sources import architectures
from transferkit.sources.across import adapted


@dataclass(frozen=True, eq=False)
class Body:
    """`make()` gives a new network each time; equal fingerprints mean equal weights and equal processing."""

    architecture: Architecture
    processor: Processor
    fingerprint: str
    make: Callable[[], Network]

    @classmethod
    def pretrained(cls, source: Source, target: Target) -> Body:
        """The source's network with its weights, taking the target's items.

        Raises one line where a network of this modality cannot take them.
        """
        card = source.card()
        if card.architecture is None:
            raise ValueError(f"source {source.name} holds {card.holds}, not a network")
        processor = source.processor()
        if processor.modality != target.modality:
            processor = _bridged(processor, source, target)
        return cls(card.architecture, processor, f"{card.fingerprint}|{processor.fingerprint}", source.network)

    @classmethod
    def fresh(cls, architecture: Architecture, processor: Processor, seed: int) -> Body:
        """The same architecture, newly initialised from `seed`, with what inference folds away put back."""
        architecture = architectures.from_scratch(architecture)
        fingerprint = f"fresh-{architecture.fingerprint}-{seed}|{processor.fingerprint}"
        return cls(architecture, processor, fingerprint, lambda: architectures.build(architecture, seed))


def _bridged(processor: Processor, source: Source, target: Target) -> Processor:
    bridged = adapted(processor, target.modality, target.whole().train.items)
    if bridged is None:
        raise WrongUse(
            f"{source.name} is a network of {processor.modality}, which cannot take {target.modality}; name another source"
        )
    return bridged
