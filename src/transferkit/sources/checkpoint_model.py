"""The model in a checkpoint: which kind it is of, what is known of it, its network. What `hf:` and `sentence:` share.

Weights are read from safetensors; nothing a checkpoint brings is ever run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from transferkit.core.architecture import Architecture
from transferkit.core.errors import Failed, TransferkitError, WrongUse
from transferkit.core.source import Card
from transferkit.sources import fingerprint, hub
from transferkit.sources.hub_models import ModelKind, kinds
from transferkit.sources.key_map import listed

if TYPE_CHECKING:
    from transferkit.core.network import Network


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


def described(checkpoint: hub.Checkpoint, headless: bool = False, serves: str = "") -> Model:
    """What kind of model a checkpoint holds, by its configuration; a kind nobody reads gives one line.

    `headless`: a classifier it may bring is left out; `serves`: the task it is wanted for, as in `SourceOptions`.
    """
    from transformers import MODEL_MAPPING, AutoConfig
    from transformers import __version__ as version

    known: Any = import_module("transformers.models.auto.configuration_auto").CONFIG_MAPPING_NAMES
    name = checkpoint.source
    said = checkpoint.read("config.json")
    model_type = said.get("model_type")
    if model_type is None:
        raise WrongUse(f"{name}: config.json names no model_type; it is no transformers model")
    if model_type not in known:
        why = "needs Python code of its own, which transferkit does not run" if "auto_map" in said else "is unknown"
        raise WrongUse(f"{name}: model type {model_type!r} {why} (transformers {version}); choose another model")
    with _as_configured(name), hub.quiet():
        config = AutoConfig.from_pretrained(checkpoint.folder, local_files_only=True, trust_remote_code=False)
    architectures = () if headless else tuple(said.get("architectures") or ())
    kind = next((one for one in kinds(serves) if one.classifies(config, architectures)), None)
    classifier = kind is not None
    if kind is None and (kind := next((one for one in kinds(serves) if model_type in one.towers), None)):
        config = getattr(config, kind.towers[model_type])
    if kind is None:
        takes = _input_of(MODEL_MAPPING.get(type(config), None))
        kind = next((one for one in kinds(serves) if takes in one.inputs), None)
    if kind is None:
        things = " or ".join(one.things for one in kinds(serves))
        raise WrongUse(
            f"{name} is a model that takes {takes or 'nothing alone'} ({model_type}); choose one that takes {things}"
        )
    return Model(kind, config, classifier, kind.choices(checkpoint, config, classifier))


def card(checkpoint: hub.Checkpoint, model: Model, trust: bool, others: tuple[str, ...] = ()) -> Card:
    """From the configuration and the model card; no weights are downloaded. `others`: further files that hold weights."""
    weights = hub.weights(checkpoint, trust)
    with _as_configured(checkpoint.source), hub.quiet():
        settings = model.wrapper.settings_for(*model.arguments, **model.choices)
        parameters, has_head = model.wrapper.outline(*model.arguments, **model.choices)
    said = _model_card(checkpoint)
    files = (*weights.files, *others)
    here = [checkpoint.folder / file for file in files]
    return Card(
        name=checkpoint.source,
        modality=model.kind.modality,
        holds="model",
        fingerprint=checkpoint.commit or fingerprint.of_files(here, also=str(settings)),
        architecture=Architecture.of(model.kind.architecture, settings),
        parameters=parameters,
        bytes=sum(checkpoint.size(file) for file in files),
        classes=tuple(str(name) for _, name in sorted(model.config.id2label.items())) if has_head else (),
        licence=_words(said.get("license")),
        trained_on=_words(said.get("datasets")),
        local=all(path.is_file() for path in here),
    )


def network(checkpoint: hub.Checkpoint, model: Model, trust: bool) -> Network:
    """The model with its weights; they are downloaded here if they are not in the cache."""
    from safetensors import SafetensorError

    from transferkit.core.network import seeded

    weights = hub.weights(checkpoint, trust)
    for file in filter(None, (weights.index, *weights.files)):
        checkpoint.fetch(file)
    try:
        with _as_configured(checkpoint.source), hub.quiet(), seeded(0):
            made: Network
            made, unfit = model.wrapper.load(str(checkpoint.folder), *model.arguments, weights.pickled, **model.choices)
    except SafetensorError as reason:
        raise Failed(f"the weights of {checkpoint.source} are not a whole safetensors file ({reason})") from None
    problems = (listed(unfit.missing, "missing"), listed(unfit.reshaped, "of another shape"))
    if any(problems):
        raise Failed(
            f"the weights of {checkpoint.source} do not fit its config.json: {'; '.join(filter(None, problems))}"
        )
    return made


@contextmanager
def _as_configured(source: str) -> Iterator[None]:
    """Turn what the library raises on a configuration that makes no sense into one line."""
    from safetensors import SafetensorError

    try:
        yield
    except (TransferkitError, SafetensorError, MemoryError):
        raise
    except Exception as reason:  # each family of models fails in its own way
        said = " ".join(str(reason).split())[:200] or type(reason).__name__
        raise Failed(f"{source}: no model can be made as its config.json says ({said})") from reason


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
