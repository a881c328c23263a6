"""A Keras model's configuration: read from its file without building anything, checked, and brought up to date.

Three kinds of files: `.keras` (a zip, Keras 3 and late 2), `.h5` that Keras 3 wrote, and `.h5` that tf.keras 2 wrote. The last
names arguments that layers no longer take; those are dropped where their value changes nothing, and refused where it does.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from transferkit.core.errors import Failed, WrongUse

_MODELS = ("Functional", "Model", "Sequential")
_HARMLESS: dict[str, tuple[Any, ...]] = {
    "batch_input_shape": (),
    "groups": (1,),
    "time_major": (False,),
    "implementation": (),
    "ragged": (False, None),
    "sparse": (False, None),
}
"""Argument that a layer may no longer take -> values with which it changed nothing; none listed: any."""
_STILL_TAKEN = {"groups": ("Conv1D", "Conv2D", "Conv3D"), "sparse": ("InputLayer",), "ragged": ("InputLayer",)}
"""Argument -> layers that take it to this day."""


def read(path: Path) -> dict[str, Any]:
    """The configuration in a file, as it stands there; one line for what is no whole model."""
    if path.suffix == ".keras":
        text: str | bytes = _of_zip(path)
    elif path.suffix in (".h5", ".hdf5"):
        text = _of_hdf5(path)
    else:
        raise WrongUse(f"{path} is no Keras model; expected a file ending in .keras or .h5")
    try:
        config = json.loads(text)
    except ValueError as reason:
        raise Failed(f"{path} has a configuration that is not JSON ({reason}); save the model again") from None
    if not (isinstance(config, dict) and isinstance(config.get("config"), dict) and "class_name" in config):
        raise Failed(f"{path} holds no Keras model configuration; save it with model.save('model.keras')")
    return config


def checked(config: dict[str, Any], path: Path, trust: bool) -> dict[str, Any]:
    """The configuration brought up to date; one line for what cannot be built, or only with code of its own.

    Keras must be loaded.
    """
    if config["class_name"] not in _MODELS:
        raise WrongUse(
            f"{path} holds a model of the class {config['class_name']!r}, whose code is not in the file; "
            "save it as a functional or Sequential model"
        )
    for layer in layers(config):
        name, said = layer["class_name"], layer.get("config") or {}
        if name == "Lambda" and not trust:
            raise WrongUse(
                f"{path} holds a Lambda layer ({said.get('name')}), which is code that runs when it is read; "
                "allow it with --trust, or save the model without it"
            )
        if not _is_own(layer):
            raise WrongUse(
                f"{path} holds a layer of the class {name!r}, which is not one of Keras's own and whose code is not in the "
                "file; save the model without it"
            )
    return _up_to_date(config, path)


def _is_own(layer: dict[str, Any]) -> bool:
    """Whether a layer is one that Keras brings; files of tf.keras 2 name its class alone."""
    import keras

    if layer.get("module"):
        return layer["module"].partition(".")[0] == "keras" and ">" not in str(layer.get("registered_name") or "")
    return layer["class_name"] in _MODELS or hasattr(keras.layers, layer["class_name"])


def layers(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every layer, those of nested models and those wrapped by another included."""
    inside = config.get("config")
    if not isinstance(inside, dict):
        return
    inside_it = [*inside.get("layers", ()), *(inside.get(name) for name in ("layer", "backward_layer", "cell"))]
    for layer in inside_it:
        if isinstance(layer, dict) and "class_name" in layer:
            yield layer
            yield from layers(layer)


def _up_to_date(config: dict[str, Any], path: Path) -> dict[str, Any]:
    """A copy of one model or layer in today's words; one that says its module is in them already."""
    if config.get("module"):
        return config
    name, said = config["class_name"], dict(config["config"])
    if name in _MODELS:
        updated = [_up_to_date(layer, path) for layer in said.get("layers", ())]
        for ends in ("input_layers", "output_layers"):
            if len(said.get(ends) or ()) == 1:  # a list of one would make the nested model give a list
                said[ends] = said[ends][0]
        if name == "Sequential":
            updated = _with_input(said.get("layers") or [], updated)
        return {
            **config,
            "class_name": "Functional" if name == "Model" else name,
            "config": {**said, "layers": updated},
        }
    for argument, harmless in _HARMLESS.items():
        if argument not in said or name in _STILL_TAKEN.get(argument, ()):
            continue
        if argument == "batch_input_shape" and name == "InputLayer":
            continue
        value = said.pop(argument)
        if harmless and value not in harmless:
            raise WrongUse(
                f"{path}: layer {said.get('name')!r} ({name}) was saved with {argument}={value}, which Keras 3 cannot do"
            )
    for wrapped in ("layer", "backward_layer"):
        if isinstance(said.get(wrapped), dict) and "class_name" in said[wrapped]:
            said[wrapped] = _up_to_date(said[wrapped], path)
    return {**config, "config": said}


def _with_input(before: list[dict[str, Any]], updated: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Layers of a Sequential, an input layer first where the shape was an argument of the first layer."""
    shape = before[0]["config"].get("batch_input_shape") if before else None
    if shape is None or before[0]["class_name"] in ("InputLayer", *_MODELS):
        return updated
    dtype = "float32" if before[0]["class_name"] != "Embedding" else "int32"
    said = {"batch_input_shape": shape, "dtype": dtype, "name": f"{before[0]['config'].get('name', 'first')}_input"}
    return [{"class_name": "InputLayer", "config": said}, *updated]


def _of_zip(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read("config.json")
    except KeyError:
        raise Failed(f"{path} is a zip without a Keras model in it (no config.json); give another file") from None
    except (zipfile.BadZipFile, OSError) as reason:
        raise Failed(f"{path} is not a whole .keras file ({reason}); get it again") from None


def _of_hdf5(path: Path) -> str:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            text = file.attrs.get("model_config")
    except OSError as reason:
        raise Failed(f"{path} is not a whole HDF5 file ({str(reason).splitlines()[0]}); get it again") from None
    if text is None:
        raise WrongUse(f"{path} holds weights but no model; save the whole model: model.save('model.keras')")
    return text.decode() if isinstance(text, bytes) else str(text)
