"""`hf:` any transformers model that turns an item into features: `hf:microsoft/resnet-18`, `hf:name@revision`, `hf:folder/`.

Which modality it is of is read from its configuration (`hub_models`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from transferkit.core.source import Card, Processor, SourceKind, SourceOptions
from transferkit.sources import checkpoint_model, hub

if TYPE_CHECKING:
    from transferkit.core.network import Network


@final
class HuggingFace(SourceKind):
    """A backbone, encoder or classifier, from the hub or a folder."""

    example = "hf:microsoft/resnet-18"

    def card(self, location: str, options: SourceOptions) -> Card:
        """From the configuration and the model card; no weights are downloaded."""
        checkpoint = hub.locate(location, options.offline)
        return checkpoint_model.card(checkpoint, checkpoint_model.described(checkpoint, serves=options.serves), options.trust)

    def network(self, location: str, options: SourceOptions) -> Network:
        """The model with its weights; they are downloaded here if they are not in the cache."""
        checkpoint = hub.locate(location, options.offline)
        return checkpoint_model.network(checkpoint, checkpoint_model.described(checkpoint, serves=options.serves), options.trust)

    def processor(self, location: str, options: SourceOptions) -> Processor:
        """As the checkpoint says."""
        checkpoint = hub.locate(location, options.offline)
        model = checkpoint_model.described(checkpoint, serves=options.serves)
        with hub.quiet():
            return model.kind.processor(checkpoint, model.config)

    def check(self, location: str) -> None:
        """Refuse what is no hub id and no folder."""
        hub.check(location)

    def names(self) -> tuple[str, ...]:
        """Models in the local cache, of any kind."""
        return tuple(name for name, damage in hub.cached() if not damage)
