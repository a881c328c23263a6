"""Models of sound: encoders of speech and classifiers of sounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

from transferkit.sources.hub_models import ModelKind

if TYPE_CHECKING:
    from transferkit.core.source import Processor
    from transferkit.sources.hub import Checkpoint


@final
class SoundModels(ModelKind):
    """Anything that takes `input_values` (samples, or AST's spectrograms) or `input_features` (spectrograms)."""

    modality = "audio"
    things = "sounds"
    inputs = ("input_values", "input_features")
    classifier = "AudioClassification"
    architecture = "transformers_audio"

    def classifies(self, config: Any, architectures: tuple[str, ...]) -> bool:
        """The library calls most of them classifiers of sequences."""
        from transformers import MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING

        named = any(name.endswith(("ForAudioClassification", "ForSequenceClassification")) for name in architectures)
        return named and type(config) in MODEL_FOR_AUDIO_CLASSIFICATION_MAPPING

    def processor(self, checkpoint: Checkpoint, config: Any) -> Processor:
        """As the checkpoint's preprocessor configuration says."""
        from transferkit.sources.processors.transformers_sound import processor_of

        said = checkpoint.read("preprocessor_config.json") or checkpoint.read("processor_config.json")
        return processor_of(said.get("feature_extractor", said), config.model_type)


KIND = SoundModels()
