"""`hf:` any transformers vision model: `hf:microsoft/resnet-18`, `hf:organisation/name@revision`, `hf:folder/`.

Weights are read from safetensors; nothing a checkpoint brings is ever run.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from transferkit.core.architecture import Architecture
from transferkit.core.errors import Failed, WrongUse
from transferkit.core.source import Card, Processor, SourceKind, SourceOptions
from transferkit.sources import fingerprint, hub
from transferkit.sources.key_map import listed

if TYPE_CHECKING:
    from transferkit.core.network import Network

_PICTURE_TOWERS = ("clip", "siglip", "metaclip_2")
"""Models of pictures and text whose picture half stands alone."""


class HuggingFace(SourceKind):
    """A backbone or classifier of pictures, from the hub or a folder."""

    example = "hf:microsoft/resnet-18"

    def card(self, location: str, options: SourceOptions) -> Card:
        """From the configuration and the model card; no weights are downloaded."""
        from transferkit.sources.architectures import transformers_vision

        checkpoint = hub.locate(location, options.offline)
        config, classifier = _configuration(checkpoint)
        weights = hub.weights(checkpoint, options.trust)
        with hub.quiet():
            settings = transformers_vision.settings_for(config, classifier)
            parameters, has_head = transformers_vision.outline(config, classifier)
        said = _model_card(checkpoint)
        here = [checkpoint.folder / file for file in weights.files]
        return Card(
            name=f"hf:{location}",
            modality="image",
            holds="model",
            fingerprint=checkpoint.commit or fingerprint.of_files(here, also=str(settings)),
            architecture=Architecture.of("transformers_vision", settings),
            parameters=parameters,
            bytes=sum(checkpoint.size(file) for file in weights.files),
            classes=tuple(str(name) for _, name in sorted(config.id2label.items())) if has_head else (),
            licence=_words(said.get("license")),
            trained_on=_words(said.get("datasets")),
            local=all(path.is_file() for path in here),
        )

    def network(self, location: str, options: SourceOptions) -> Network:
        """The model with its weights; they are downloaded here if they are not in the cache."""
        from safetensors import SafetensorError

        from transferkit.core.network import seeded
        from transferkit.sources.architectures import transformers_vision

        checkpoint = hub.locate(location, options.offline)
        config, classifier = _configuration(checkpoint)
        weights = hub.weights(checkpoint, options.trust)
        for file in filter(None, (weights.index, *weights.files)):
            checkpoint.fetch(file)
        try:
            with hub.quiet(), seeded(0):
                folder = str(checkpoint.folder)
                network, unfit = transformers_vision.load(folder, config, classifier, weights.pickled)
        except SafetensorError as reason:
            raise Failed(f"the weights of hf:{location} are not a whole safetensors file ({reason})") from None
        problems = (listed(unfit.missing, "missing"), listed(unfit.reshaped, "of another shape"))
        if any(problems):
            raise Failed(
                f"the weights of hf:{location} do not fit its config.json: {'; '.join(filter(None, problems))}"
            )
        return network

    def processor(self, location: str, options: SourceOptions) -> Processor:
        """As the checkpoint's preprocessor configuration says."""
        from transferkit.sources.processors.transformers import processor_of

        checkpoint = hub.locate(location, options.offline)
        config, _ = _configuration(checkpoint)
        said = checkpoint.read("preprocessor_config.json") or checkpoint.read("processor_config.json")
        said = said.get("image_processor", said)
        model_type = checkpoint.read("config.json")["model_type"]
        with hub.quiet():
            return processor_of(said, model_type, getattr(config, "image_size", None))

    def check(self, location: str) -> None:
        """Refuse what is no hub id and no folder."""
        hub.check(location)

    def names(self) -> tuple[str, ...]:
        """Models in the local cache, of any kind."""
        return tuple(name for name, damage in hub.cached() if not damage)


def _configuration(checkpoint: hub.Checkpoint) -> tuple[Any, bool]:
    """The configuration of a picture model, and whether it brings a classifier; another kind of model gives one line."""
    from transformers import MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING, MODEL_MAPPING, AutoConfig
    from transformers import __version__ as version

    known: Any = import_module("transformers.models.auto.configuration_auto").CONFIG_MAPPING_NAMES
    name = f"hf:{checkpoint.name}"
    said = checkpoint.read("config.json")
    model_type = said.get("model_type")
    if model_type is None:
        raise WrongUse(f"{name}: config.json names no model_type; it is no transformers model")
    if model_type not in known:
        why = "needs Python code of its own, which transferkit does not run" if "auto_map" in said else "is unknown"
        raise WrongUse(f"{name}: model type {model_type!r} {why} (transformers {version}); choose another model")
    with hub.quiet():
        config = AutoConfig.from_pretrained(checkpoint.folder, local_files_only=True, trust_remote_code=False)
    architectures = said.get("architectures") or ()
    classifier = any("ForImageClassification" in architecture for architecture in architectures)
    classifier = classifier and type(config) in MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING
    if model_type in _PICTURE_TOWERS and not classifier:
        config = config.vision_config
    models = MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING if classifier else MODEL_MAPPING
    takes = _input_of(models.get(type(config), None))
    if takes != "pixel_values":
        modality = {"input_ids": "text", "input_values": "audio", "input_features": "audio"}.get(takes, "other input")
        raise WrongUse(
            f"{name} is a model of {modality} ({model_type}), not of pictures; choose one that takes pictures"
        )
    return config, classifier


def _input_of(model_class: Any) -> str:
    if isinstance(model_class, tuple):
        model_class = model_class[0]
    return str(getattr(model_class, "main_input_name", ""))


def _model_card(checkpoint: hub.Checkpoint) -> dict[str, Any]:
    """The table at the head of README.md; empty where there is none, or none that can be read."""
    if not checkpoint.has("README.md"):
        return {}
    from huggingface_hub import metadata_load
    from yaml import YAMLError

    try:
        return metadata_load(checkpoint.fetch("README.md")) or {}
    except (ValueError, YAMLError):  # a stranger's text; the model is none the worse for it
        return {}


def _words(value: Any) -> str:
    """A word, or a list of them, as one line."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "unknown")
