"""`hf:` any transformers model that turns an item into features: `hf:microsoft/resnet-18`, `hf:name@revision`, `hf:folder/`.

Which modality it is of is read from its configuration (`hub_models`). Weights are read from safetensors; nothing a
checkpoint brings is ever run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, final

from transferkit.core.architecture import Architecture
from transferkit.core.errors import Failed, WrongUse
from transferkit.core.source import Card, Processor, SourceKind, SourceOptions
from transferkit.sources import fingerprint, hub
from transferkit.sources.hub_models import ModelKind, kinds
from transferkit.sources.key_map import listed

if TYPE_CHECKING:
    from transferkit.core.network import Network


@final
class HuggingFace(SourceKind):
    """A backbone, encoder or classifier, from the hub or a folder."""

    example = "hf:microsoft/resnet-18"

    def card(self, location: str, options: SourceOptions) -> Card:
        """From the configuration and the model card; no weights are downloaded."""
        checkpoint = hub.locate(location, options.offline)
        model = described(checkpoint)
        weights = hub.weights(checkpoint, options.trust)
        with hub.quiet():
            settings = model.wrapper.settings_for(*model.arguments, **model.choices)
            parameters, has_head = model.wrapper.outline(*model.arguments, **model.choices)
        said = _model_card(checkpoint)
        here = [checkpoint.folder / file for file in weights.files]
        return Card(
            name=f"hf:{location}",
            modality=model.kind.modality,
            holds="model",
            fingerprint=checkpoint.commit or fingerprint.of_files(here, also=str(settings)),
            architecture=Architecture.of(model.kind.architecture, settings),
            parameters=parameters,
            bytes=sum(checkpoint.size(file) for file in weights.files),
            classes=tuple(str(name) for _, name in sorted(model.config.id2label.items())) if has_head else (),
            licence=_words(said.get("license")),
            trained_on=_words(said.get("datasets")),
            local=all(path.is_file() for path in here),
        )

    def network(self, location: str, options: SourceOptions) -> Network:
        """The model with its weights; they are downloaded here if they are not in the cache."""
        from safetensors import SafetensorError

        from transferkit.core.network import seeded

        checkpoint = hub.locate(location, options.offline)
        model = described(checkpoint)
        weights = hub.weights(checkpoint, options.trust)
        for file in filter(None, (weights.index, *weights.files)):
            checkpoint.fetch(file)
        try:
            with hub.quiet(), seeded(0):
                network: Network
                network, unfit = model.wrapper.load(
                    str(checkpoint.folder), *model.arguments, weights.pickled, **model.choices
                )
        except SafetensorError as reason:
            raise Failed(f"the weights of hf:{location} are not a whole safetensors file ({reason})") from None
        problems = (listed(unfit.missing, "missing"), listed(unfit.reshaped, "of another shape"))
        if any(problems):
            raise Failed(
                f"the weights of hf:{location} do not fit its config.json: {'; '.join(filter(None, problems))}"
            )
        return network

    def processor(self, location: str, options: SourceOptions) -> Processor:
        """As the checkpoint says."""
        checkpoint = hub.locate(location, options.offline)
        model = described(checkpoint)
        with hub.quiet():
            return model.kind.processor(checkpoint, model.config)

    def check(self, location: str) -> None:
        """Refuse what is no hub id and no folder."""
        hub.check(location)

    def names(self) -> tuple[str, ...]:
        """Models in the local cache, of any kind."""
        return tuple(name for name, damage in hub.cached() if not damage)


@dataclass(frozen=True)
class Model:
    """What a checkpoint holds."""

    kind: ModelKind
    config: Any
    """Of the part that is used."""
    classifier: bool
    """Whether it brings a classifier of its kind's modality."""
    choices: Mapping[str, Any]

    @property
    def arguments(self) -> tuple[Any, bool]:
        """As the architecture's functions take them."""
        return self.config, self.classifier

    @property
    def wrapper(self) -> Any:
        """The module that makes the network."""
        return self.kind.wrapper


def described(checkpoint: hub.Checkpoint) -> Model:
    """What kind of model a checkpoint holds, by its configuration; a kind nobody reads gives one line."""
    from transformers import MODEL_MAPPING, AutoConfig
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
    architectures = tuple(said.get("architectures") or ())
    kind = next((one for one in kinds() if one.classifies(config, architectures)), None)
    classifier = kind is not None
    if kind is None and (kind := next((one for one in kinds() if model_type in one.towers), None)):
        config = getattr(config, kind.towers[model_type])
    if kind is None:
        takes = _input_of(MODEL_MAPPING.get(type(config), None))
        kind = next((one for one in kinds() if takes in one.inputs), None)
    if kind is None:
        things = " or ".join(one.things for one in kinds())
        raise WrongUse(
            f"{name} is a model that takes {takes or 'nothing alone'} ({model_type}); choose one that takes {things}"
        )
    return Model(kind, config, classifier, kind.choices(checkpoint, config, classifier))


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
