"""`keras:` a whole Keras model of pictures in one file: `keras:model.keras`, `keras:pretrained_model.h5?scale=0-255`.

Files of Keras 3 and of tf.keras 2. The features are what enters the last dense layer, which is the source's own head; a
model without one gives its output, the mean over space. Preprocessing that is part of the model (Rescaling, Normalization)
stays in it, and the pixels then enter as 0 to 255; else they enter as 0 to 1. Where the model was taught otherwise, say so:
`?scale=-1-1`, `?scale=caffe` for Keras's VGG16 and ResNet50, and so on (`sources/model_file.py`). Nothing in a file is run,
Lambda layers included, unless a person trusts it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from transferkit.core.architecture import Architecture
from transferkit.core.errors import Failed, WrongUse
from transferkit.core.source import Card, Processor, SourceKind, SourceOptions
from transferkit.sources import fingerprint, keras_config, processors
from transferkit.sources.model_file import BLUE_FIRST, ModelFile

if TYPE_CHECKING:
    from transferkit.core.network import Network

_OWN_PREPROCESSING = ("Rescaling", "Normalization")


class Keras(SourceKind):
    """A functional or Sequential model with one input of pictures."""

    example = "keras:model.keras"

    def card(self, location: str, options: SourceOptions) -> Card:
        """From the configuration; the layers are built without numbers, to count them."""
        file = ModelFile.read("keras", location)
        settings = _settings(file, options.trust)
        n_classes = settings["n_classes"]
        return Card(
            name=f"keras:{location}",
            modality="image",
            holds="model",
            fingerprint=fingerprint.of_files([file.path], also=f"{settings['blue_first']}"),
            architecture=Architecture.of("keras_graph", settings),
            parameters=_outline(_text(settings["config"])).parameters,
            bytes=file.path.stat().st_size,
            classes=file.classes(n_classes) if n_classes else (),
            licence=file.licence,
            trained_on=file.trained_on,
            notes=() if _sees_pixels_itself(settings["config"]) else file.assumed("0-1"),
        )

    def network(self, location: str, options: SourceOptions) -> Network:
        """The model's layers with the file's weights."""
        from transferkit.core.network import seeded
        from transferkit.sources.architectures import keras_graph

        file = ModelFile.read("keras", location)
        settings = _settings(file, options.trust)
        with seeded(0):
            model = keras_graph.model_of(settings["config"])
        try:
            model.load_weights(file.path)
        except (OSError, ValueError, KeyError, RuntimeError, TypeError) as reason:
            line = (str(reason).strip() or type(reason).__name__).splitlines()[0]
            raise Failed(f"the weights in {file.path} do not fit its own layers, or are damaged: {line}") from None
        return keras_graph.network_of(model, settings).eval()

    def processor(self, location: str, options: SourceOptions) -> Processor:
        """Pictures of the size the model takes, scaled as the name says."""
        file = ModelFile.read("keras", location)
        config = _config(file, options.trust)
        shape = _outline(_text(config)).shape
        _, side = _channels(shape, file)
        return processors.build(file.processor(file.size(*side), _scale(file, config)))

    def check(self, location: str) -> None:
        """Refuse a file that is not there."""
        ModelFile.read("keras", location)


@dataclass(frozen=True)
class _Outline:
    """What a model of a configuration is like."""

    shape: tuple[int | None, ...]
    """Of its input."""
    parameters: int
    n_classes: int | None


@lru_cache(maxsize=8)
def _outline(config: str) -> _Outline:
    """Built without numbers."""
    from transferkit.sources.architectures import keras_graph

    model = keras_graph.model_of(json.loads(config), device="meta")
    parameters, n_classes = keras_graph.outline(model)
    return _Outline(tuple(model.inputs[0].shape), parameters, n_classes)


def _config(file: ModelFile, trust: bool) -> dict[str, Any]:
    from transferkit.sources.architectures import keras_graph
    from transferkit.sources.architectures._keras_backend import keras_on_torch

    keras_on_torch()  # says what is missing, before h5py is
    config = keras_config.checked(keras_config.read(file.path), file.path, trust)
    if trust:
        keras_graph.allow(config)
    return config


def _settings(file: ModelFile, trust: bool) -> dict[str, Any]:
    config = _config(file, trust)
    outline = _outline(_text(config))
    channels, side = _channels(outline.shape, file)
    file.size(*side)  # refuses a size that does not fit
    return {
        "config": config,
        "n_classes": outline.n_classes,
        "channels_first": side == outline.shape[2:],
        "channels": channels,
        "blue_first": _scale(file, config) in BLUE_FIRST,
    }


def _channels(shape: tuple[int | None, ...], file: ModelFile) -> tuple[int, tuple[int | None, int | None]]:
    """Channels of the input, and its (height, width); None for a side of any length."""
    if len(shape) == 4 and shape[3] in (1, 3):
        return shape[3], (shape[1], shape[2])
    if len(shape) == 4 and shape[1] in (1, 3):
        return shape[1], (shape[2], shape[3])
    raise WrongUse(f"{file.path} takes input of the shape {shape}, expected pictures (None, height, width, 1 or 3)")


def _scale(file: ModelFile, config: dict[str, Any]) -> str:
    return file.scale("0-255" if _sees_pixels_itself(config) else "0-1")


def _sees_pixels_itself(config: dict[str, Any]) -> bool:
    """Whether preprocessing is part of the model."""
    return any(layer["class_name"] in _OWN_PREPROCESSING for layer in keras_config.layers(config))


def _text(config: dict[str, Any]) -> str:
    return json.dumps(config, sort_keys=True)
