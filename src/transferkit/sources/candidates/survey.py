"""Survey every candidate there is for one modality: the zoo, the local Hugging Face cache, the curated list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from transferkit.core.errors import TransferkitError
from transferkit.core.source import Card, Source, SourceOptions
from transferkit.sources import across, hub, zoo
from transferkit.sources.candidates.candidate import Candidate, Place
from transferkit.sources.candidates.curated import Curated, curated
from transferkit.sources.candidates.machine import Machine
from transferkit.sources.hub_models import kinds

HERE = SourceOptions(offline=True)


def survey(modality: str, machine: Machine) -> tuple[Candidate, ...]:
    """All candidates in the order in which they are to be proposed; what is not to be has its `unfit` set.

    Asks no network and reads no weights. What is bundled comes first. The rest is in the order of the curated list, whether
    cached or not, then by size, the largest first: so a model keeps its place when it is downloaded.
    """
    listed = {model.location: model for model in curated(modality)}
    cached = {_place(one): _completed(one, listed.get(_place(one))) for one in _cached(modality, machine)}
    unread = {place for place, one in cached.items() if one.parameters is None}
    wanted = [place for place in listed if place not in cached or place in unread]  # a cached card may lack its weights
    to_download = [_to_download(listed[place], machine) for place in wanted]
    order = {place: position for position, place in enumerate(listed)}
    others = sorted(
        [*(one for place, one in cached.items() if place not in wanted), *to_download],
        key=lambda one: (order.get(_place(one), len(order)), -(one.parameters or 0), one.name),
    )
    return (*_bundled(modality), *others)


def _bundled(modality: str) -> Iterator[Candidate]:
    for name in zoo.Zoo().names():
        poisoned = "taught nonsense on purpose, for the demo" if zoo.is_poisoned(name) else ""
        card = Source(f"zoo:{name}", HERE).card()
        other = "" if across.is_known(modality, card.modality) else _of_another_kind(card, modality)
        yield _described(card, "bundled", poisoned or other, bool(other))


def _cached(modality: str, machine: Machine) -> Iterator[Candidate]:
    """Every model of the cache, the broken ones and those of another kind with their reason."""
    for location, reason in hub.cached():
        name = f"hf:{location}"
        if reason:
            yield Candidate(name, "cached", unfit=reason)
            continue
        try:
            name = f"{_scheme(location)}:{location}"
            card = Source(name, HERE).card()
        except TransferkitError as wrong:
            yield Candidate(name, "cached", unfit=str(wrong))
        except Exception as wrong:  # a stranger's files may be broken in any way
            yield Candidate(name, "cached", unfit=f"{type(wrong).__name__}: {' '.join(str(wrong).split())}")
        else:
            other = _of_another_kind(card, modality)
            unfit = other or _without_stages(card) or _too_large(card.parameters, machine)
            yield _described(card, "cached", unfit, bool(other))


def _scheme(location: str) -> str:
    """How a cached model is to be named, so that an encoder of sentence-transformers gives its own embeddings."""
    return "sentence" if hub.locate(location, offline=True).has("modules.json") else "hf"


def _place(found: Candidate) -> str:
    """Where it is on the hub: one model under either scheme."""
    return found.name.partition(":")[2]


def _completed(found: Candidate, model: Curated | None) -> Candidate:
    """With what the list says, where the cache lacks the model's page."""
    if model is None or found.licence != "unknown":
        return found
    return replace(found, licence=model.licence, trained_on=model.trained_on)


def _to_download(model: Curated, machine: Machine) -> Candidate:
    unfit = _too_large(model.parameters, machine)
    return Candidate(model.name, "hub", model.parameters, model.bytes, model.licence, model.trained_on, unfit)


def _described(card: Card, place: Place, unfit: str, of_another_kind: bool) -> Candidate:
    said = (card.parameters, card.bytes, card.licence, card.trained_on)
    return Candidate(card.name, place, *said, unfit, of_another_kind)


def _of_another_kind(card: Card, modality: str) -> str:
    return "" if card.modality == modality else f"reads {card.modality}, not {modality}"


def _without_stages(card: Card) -> str:
    """A model whose parts are unknown may be made for anything, detection say; by name it can still be used."""
    kind = next(kind for kind in kinds() if kind.modality == card.modality)
    family = card.architecture.arguments()["config"]["model_type"] if card.architecture else "unknown"
    known = kind.wrapper.families()
    return "" if family in known else f"made for more than one item's features ({family}); name it to use it"


def _too_large(parameters: int | None, machine: Machine) -> str:
    if parameters is None or parameters <= machine.ceiling:
        return ""
    return f"too large for this machine, at most {machine.ceiling / 1e6:.0f} M"
