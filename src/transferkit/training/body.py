"""Body: a network that is not there yet - what it is, how items become its input, how to make it.

Ranking, probing and scratch all start from a body; its network is made only when no cached pass serves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
    origin: tuple[Mapping[str, str], ...] = ()
    """The pretrained networks its weights come from, as in `FitRecord.origin`."""
    notes: tuple[str, ...] = ()
    """Lines a person should read about them, as in `Card.notes`."""

    def told(self, items: Sequence[Any]) -> tuple[str, ...]:
        """Lines a person should read: of the network, and what of these items it will not see."""
        return (*self.notes, *self.processor.notes(items))

    @classmethod
    def pretrained(cls, source: Source, target: Target) -> Body:
        """The source's network with its weights, taking the target's items.

        Raises one line where a network of this modality cannot take them.
        """
        source = source.serving(target.task)
        card = source.card()
        if card.architecture is None:
            raise ValueError(f"source {source.name} holds {card.holds}, not a network")
        architecture, make = _serving(card.architecture, source, target)
        processor = source.processor()
        if processor.modality != target.modality:
            processor = _bridged(processor, source, target)
        if architectures.gives_frames(card.architecture):
            processor = processor.whole(target.whole().train.items)
        origin = ({"name": card.name, "licence": card.licence, "trained_on": card.trained_on},)
        wider = processor.grown(target.whole().train.items)
        if wider != processor:
            architecture, make = architectures.grown_for(wider, architecture, make)
            return cls(architecture, wider, f"{card.fingerprint}|{wider.fingerprint}", make, origin, card.notes)
        fingerprint = f"{card.fingerprint}|{processor.fingerprint}"
        return cls(architecture, processor, fingerprint, make, origin, card.notes)

    @classmethod
    def fresh(cls, architecture: Architecture, processor: Processor, seed: int) -> Body:
        """The same architecture, newly initialised from `seed`, with what inference folds away put back."""
        architecture = architectures.from_scratch(architecture)
        fingerprint = f"fresh-{architecture.fingerprint}-{seed}|{processor.fingerprint}"
        return cls(architecture, processor, fingerprint, lambda: architectures.build(architecture, seed))


def _serving(architecture: Architecture, source: Source, target: Target) -> tuple[Architecture, Callable[[], Network]]:
    """The source's network as the task needs it: features of moments are pooled where one vector an item is wanted.

    Raises one line where it gives the one and the task needs the other.
    """
    gives_frames = architectures.gives_frames(architecture)
    if not gives_frames and target.task.name == "transcribe":
        raise WrongUse(
            f"{source.name} gives one vector an item, and task transcribe needs one a moment; name a source that "
            "transcribes, such as a CTC model or one that hears and writes"
        )
    if not (gives_frames and target.task.needs_features):
        return architecture, source.network
    pooled = architectures.pooled(architecture)
    if pooled is None:
        raise WrongUse(
            f"{source.name} gives features of moments, and task {target.task.name} needs one vector an item; "
            "name another source"
        )
    return pooled, lambda: _with_weights(pooled, source.network())


def _with_weights(architecture: Architecture, network: Network) -> Network:
    """The architecture with the weights of another network of its shape."""
    built = architectures.build(architecture)
    built.load_state_dict(network.state_dict())
    return built


def _bridged(processor: Processor, source: Source, target: Target) -> Processor:
    bridged = adapted(processor, target.modality, target.whole().train.items)
    if bridged is None and source.lends_data:
        raise WrongUse(
            f"{source.name} holds {processor.modality} data, and a network learned from them cannot take {target.modality}; "
            f"name data or a network of {target.modality}"
        )
    if bridged is None:
        raise WrongUse(
            f"{source.name} is a network of {processor.modality}, which cannot take {target.modality}; name another source"
        )
    return bridged
