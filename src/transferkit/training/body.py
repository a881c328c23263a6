"""Body: a network that is not there yet - what it is, how items become its input, how to make it.

Ranking, probing and scratch all start from a body; its network is made only when no cached pass serves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    origin: tuple[Mapping[str, str], ...] = ()
    """The pretrained networks its weights come from, as in `FitRecord.origin`."""

    @classmethod
    def pretrained(cls, source: Source, target: Target) -> Body:
        """The source's network with its weights, taking the target's items.

        Raises one line where a network of this modality cannot take them.
        """
        source = source.serving(target.task)
        card = source.card()
        if card.architecture is None:
            raise ValueError(f"source {source.name} holds {card.holds}, not a network")
        _check_serves(card.architecture, source, target)
        processor = source.processor()
        if processor.modality != target.modality:
            processor = _bridged(processor, source, target)
        if not target.task.needs_features:
            processor = processor.whole(target.whole().train.items)
        origin = ({"name": card.name, "licence": card.licence, "trained_on": card.trained_on},)
        wider = processor.grown(target.whole().train.items)
        if wider != processor:
            architecture, make = architectures.grown_for(wider, card.architecture, source.network)
            return cls(architecture, wider, f"{card.fingerprint}|{wider.fingerprint}", make, origin)
        fingerprint = f"{card.fingerprint}|{processor.fingerprint}"
        return cls(card.architecture, processor, fingerprint, source.network, origin)

    @classmethod
    def fresh(cls, architecture: Architecture, processor: Processor, seed: int) -> Body:
        """The same architecture, newly initialised from `seed`, with what inference folds away put back."""
        architecture = architectures.from_scratch(architecture)
        fingerprint = f"fresh-{architecture.fingerprint}-{seed}|{processor.fingerprint}"
        return cls(architecture, processor, fingerprint, lambda: architectures.build(architecture, seed))


def _check_serves(architecture: Architecture, source: Source, target: Target) -> None:
    """Refuse, in one line, a network that gives one vector an item where one a moment is needed, or the other way round."""
    gives_frames = architectures.gives_frames(architecture)
    if gives_frames and target.task.needs_features:
        raise WrongUse(
            f"{source.name} gives features of moments, and task {target.task.name} needs one vector an item; "
            "name another source"
        )
    if not gives_frames and target.task.name == "transcribe":
        raise WrongUse(
            f"{source.name} gives one vector an item, and task transcribe needs one a moment; name a source that "
            "transcribes, such as a CTC model or one that hears and writes"
        )


def _bridged(processor: Processor, source: Source, target: Target) -> Processor:
    bridged = adapted(processor, target.modality, target.whole().train.items)
    if bridged is None:
        raise WrongUse(
            f"{source.name} is a network of {processor.modality}, which cannot take {target.modality}; name another source"
        )
    return bridged
