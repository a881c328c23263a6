"""`hf:` any transformers model that turns an item into features: `hf:microsoft/resnet-18`, `hf:name@revision`, `hf:folder/`.

Which modality it is of is read from its configuration (`hub_models`). After a `?` in the name stand wishes:
`hf:name?adapter=folder` merges a LoRA or DoRA adapter in, `hf:name?pooling=cls` says how the tokens of a text become one vector
(`mean`, `cls`, `last`, `max`, `mean_sqrt_length`, `weighted_mean`); a classifier's own head is then left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final
from urllib.parse import parse_qsl

from transferkit.core.errors import WrongUse, unknown_name
from transferkit.core.source import Card, Processor, SourceKind, SourceOptions
from transferkit.sources import checkpoint_model, hub
from transferkit.sources.adapter_folder import AdapterFolder

if TYPE_CHECKING:
    from transferkit.core.network import Network

_WISHES = ("adapter", "pooling")


@final
class HuggingFace(SourceKind):
    """A backbone, encoder or classifier, from the hub or a folder."""

    example = "hf:microsoft/resnet-18"

    def card(self, location: str, options: SourceOptions) -> Card:
        """From the configuration and the model card; no weights are downloaded."""
        wanted = _read(location, options)
        card = checkpoint_model.card(wanted.checkpoint, wanted.model, options.trust)
        if wanted.adapter is None:
            return replace(card, name=f"hf:{location}")
        wanted.adapter.check_base(wanted.checkpoint)
        return replace(
            card,
            name=f"hf:{location}",
            fingerprint=f"{card.fingerprint}+{wanted.adapter.fingerprint}",
            bytes=(card.bytes or 0) + wanted.adapter.bytes,
        )

    def network(self, location: str, options: SourceOptions) -> Network:
        """The model with its weights; they are downloaded here if they are not in the cache."""
        wanted = _read(location, options)
        if wanted.adapter is None:
            return checkpoint_model.network(wanted.checkpoint, wanted.model, options.trust)
        with wanted.adapter.merged_into(wanted.checkpoint, wanted.model, options.trust) as merged:
            return checkpoint_model.network(merged, wanted.model, options.trust)

    def processor(self, location: str, options: SourceOptions) -> Processor:
        """As the checkpoint says."""
        wanted = _read(location, options)
        with hub.quiet():
            return wanted.model.kind.processor(wanted.checkpoint, wanted.model.config)

    def check(self, location: str) -> None:
        """Refuse what is no hub id and no folder."""
        place, wishes = _apart(location)
        hub.check(place)
        if "adapter" in wishes:
            AdapterFolder.read(wishes["adapter"])

    def names(self) -> tuple[str, ...]:
        """Models in the local cache, of any kind."""
        return tuple(name for name, damage in hub.cached() if not damage)


@dataclass(frozen=True)
class _Wanted:
    """What a location names."""

    checkpoint: hub.Checkpoint
    model: checkpoint_model.Model
    adapter: AdapterFolder | None


def _read(location: str, options: SourceOptions) -> _Wanted:
    place, wishes = _apart(location)
    adapter = AdapterFolder.read(wishes["adapter"]) if "adapter" in wishes else None
    checkpoint = hub.locate(place, options.offline)
    way = wishes.get("pooling")
    model = checkpoint_model.described(checkpoint, headless=way is not None, serves=options.serves)
    if way is not None:
        model = replace(model, choices={**model.choices, "pooling": (_known_way(way, model),)})
    return _Wanted(checkpoint, model, adapter)


def _apart(location: str) -> tuple[str, Mapping[str, str]]:
    """Hub id or folder, and the wishes after the question mark; one line for a wish that nobody knows."""
    place, _, query = location.partition("?")
    wishes = dict(parse_qsl(query, keep_blank_values=True))
    for name in wishes:
        if name not in _WISHES:
            raise unknown_name("wish of an hf source", name, _WISHES)
    return place, wishes


def _known_way(way: str, model: checkpoint_model.Model) -> str:
    from transferkit.sources.architectures._pooling import WAYS

    if model.kind.modality != "text":
        raise WrongUse(f"pooling={way} is for texts, and this is a model of {model.kind.things}; leave it out")
    if way not in WAYS:
        raise unknown_name("way of pooling", way, WAYS)
    return way
