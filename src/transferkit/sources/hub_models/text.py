"""Models of text: encoders, classifiers, the reading half of models that read and write, and those that only write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from transferkit.sources.hub_models import ModelKind

if TYPE_CHECKING:
    from transferkit.core.source import Processor
    from transferkit.sources.hub import Checkpoint


@final
class TextModels(ModelKind):
    """Anything that takes `input_ids` alone."""

    modality = "text"
    things = "texts"
    inputs = ("input_ids",)
    classifier = "SequenceClassification"
    architecture = "transformers_text"

    def classifies(self, config: Any, architectures: tuple[str, ...]) -> bool:
        """A classifier whose head cannot be parted from its body is used without it."""
        if not super().classifies(config, architectures):
            return False
        from transferkit.sources.architectures._text_layouts import classifier_of

        return classifier_of(config.model_type) is not None

    def choices(self, checkpoint: Checkpoint, config: Any, classifier: bool) -> dict[str, Any]:
        """The pooling, where sentence-transformers wrote it down."""
        from transferkit.sources import sentence_modules

        return {} if classifier else {"pooling": sentence_modules.pooling(checkpoint)}

    def processor(self, checkpoint: Checkpoint, config: Any) -> Processor:
        """As the checkpoint's tokenizer says."""
        from transferkit.sources.processors._tokenizer_files import token_processor

        return token_processor(checkpoint, config)


KIND = TextModels()
