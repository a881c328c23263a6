"""Models of pictures: backbones and classifiers, and the picture half of models of pictures and text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, final

from transferkit.sources.hub_models import ModelKind

if TYPE_CHECKING:
    from transferkit.core.source import Processor
    from transferkit.sources.hub import Checkpoint


@final
class PictureModels(ModelKind):
    """Anything that takes `pixel_values`."""

    modality = "image"
    things = "pictures"
    inputs = ("pixel_values",)
    classifier = "ImageClassification"
    architecture = "transformers_vision"
    towers: ClassVar[Mapping[str, str]] = {
        "clip": "vision_config",
        "siglip": "vision_config",
        "metaclip_2": "vision_config",
    }

    def processor(self, checkpoint: Checkpoint, config: Any) -> Processor:
        """As the checkpoint's preprocessor configuration says."""
        from transferkit.sources.processors.transformers import processor_of

        said = checkpoint.read("preprocessor_config.json") or checkpoint.read("processor_config.json")
        said = said.get("image_processor", said)
        model_type = checkpoint.read("config.json")["model_type"]
        return processor_of(said, model_type, getattr(config, "image_size", None))


KIND = PictureModels()
