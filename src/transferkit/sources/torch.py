"""`torch:` a weights file plus the name of its architecture: `torch:model.safetensors?architecture=mobilenet_v2`.

After the `?` stand `architecture`, `size` (pixels of the input's side) and the architecture's own settings; settings
that the shapes in the file tell (width, depth, number of classes) may be left out. A file `model.transferkit.json`
beside the weights may say all of this instead, and more:

    {"architecture": "mobilenet_v2", "settings": {"width": 1.0}, "size": 224, "keys": {"^old\\\\.": "new."},
     "processor": {"kind": "image", ...}, "classes": ["cat", ...], "licence": "MIT", "trained_on": "ImageNet-1k"}

What the name says goes before what the file says. `keys` are rules of `key_map`, applied before the architecture's own.
A `.pt2` file brings its architecture with it (`sources/exported.py`).
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from transferkit.core.architecture import Architecture
from transferkit.core.errors import Failed, WrongUse, unknown_name
from transferkit.core.source import Card, Processor, SourceKind, SourceOptions
from transferkit.sources import architectures, exported, fingerprint, key_map, processors, sidecar, weight_file

if TYPE_CHECKING:
    from transferkit.core.network import Network

_SIDECAR_FIELDS = ("architecture", "settings", "size", "keys", "processor", "classes", "licence", "trained_on")


class TorchWeights(SourceKind):
    """A weights file of a network whose architecture is known by name."""

    example = "torch:weights/model.safetensors?architecture=mobilenet_v2"

    def card(self, location: str, options: SourceOptions) -> Card:
        """From the file's table of contents and the sidecar; the weights stay on disk."""
        if _is_program(location):
            return exported.card(location)
        described = describe(location, options)
        shapes = described.renamed_shapes
        body = [shape for name, shape in shapes.items() if not name.startswith("head.") and not _is_buffer(name)]
        return Card(
            name=f"torch:{location}",
            modality=processors.build(described.processor).modality,
            holds="model",
            fingerprint=fingerprint.of_files([described.path], f"{described.architecture}{described.rules}"),
            architecture=described.architecture,
            parameters=sum(_product(shape) for shape in body),
            bytes=described.path.stat().st_size,
            classes=described.classes,
            licence=described.sidecar.get("licence", "unknown"),
            trained_on=described.sidecar.get("trained_on", "unknown"),
        )

    def network(self, location: str, options: SourceOptions) -> Network:
        """The named architecture with the file's weights."""
        if _is_program(location):
            return exported.network(location)
        described = describe(location, options)
        network = architectures.build(described.architecture, seed=0)
        tensors = weight_file.tensors(described.path, options.trust)
        key_map.load(network, tensors, described.rules, f"{described.path} ({described.architecture.kind})")
        return network

    def check(self, location: str) -> None:
        """Refuse a file that is not there."""
        if _is_program(location):
            exported.check(location)
        else:
            _file_and_query(location)

    def processor(self, location: str, options: SourceOptions) -> Processor:
        """The sidecar's, or else the architecture's usual one."""
        if _is_program(location):
            return processors.build(exported.processor(location))
        return processors.build(describe(location, options).processor)


@dataclass(frozen=True)
class Described:
    """Everything a location says, once name, sidecar and shapes are read together."""

    path: Path
    architecture: Architecture
    rules: Mapping[str, str]
    renamed_shapes: Mapping[str, tuple[int, ...]]
    processor: Mapping[str, Any]
    classes: tuple[str, ...] = ()
    sidecar: Mapping[str, Any] = field(default_factory=dict)


def describe(location: str, options: SourceOptions) -> Described:
    """Read a location without loading weights; every way it can be wrong gives one line."""
    path, query = _file_and_query(location)
    said = dict(parse_qsl(query, keep_blank_values=True))
    beside = sidecar.read(path, _SIDECAR_FIELDS)
    kind = said.pop("architecture", None) or beside.get("architecture")
    shapes = weight_file.shapes(path, options.trust)
    if kind is None:
        example = f"torch:{path}?architecture=mobilenet_v2"
        known = ", ".join(_told_by_weights())
        raise WrongUse(f"{path} holds weights but no architecture; name one: {example} (known: {known})")
    module = _module(kind)
    size = _whole_number("size", said.pop("size")) if "size" in said else beside.get("size")
    rules = {r"^module\.": "", **beside.get("keys", {}), **getattr(module, "KEYS", {})}
    renamed = {new: shapes[name] for new, name in key_map.rename(shapes, rules).items()}
    settings = {
        **_settings_told_by(module, kind, renamed, path),
        **beside.get("settings", {}),
        **{name: _value(text) for name, text in said.items()},
    }
    classes = tuple(str(name) for name in beside.get("classes", ()))
    n_classes = renamed["head.weight"][0] if "head.weight" in renamed else len(classes)
    if classes and len(classes) != n_classes:
        raise WrongUse(f"{sidecar.path_beside(path)} names {len(classes)} classes, but the head has {n_classes}")
    return Described(
        path=path,
        architecture=Architecture.of(kind, settings),
        rules=rules,
        renamed_shapes=renamed,
        processor=beside.get("processor") or _usual_processor(module, kind, settings, size, path),
        classes=classes or tuple(str(i) for i in range(n_classes)),
        sidecar=beside,
    )


def _is_program(location: str) -> bool:
    return location.partition("?")[0].endswith(exported.SUFFIX)


def _file_and_query(location: str) -> tuple[Path, str]:
    file_name, _, query = location.partition("?")
    path = Path(file_name).expanduser()
    if not path.is_file():
        raise WrongUse(f"torch source: no such file {file_name!r}")
    return path, query


def _module(kind: str) -> ModuleType:
    if kind not in architectures.names():
        raise unknown_name("architecture", kind, _told_by_weights())
    return importlib.import_module(f"{architectures.__name__}.{kind}")


def _settings_told_by(
    module: ModuleType, kind: str, shapes: Mapping[str, tuple[int, ...]], path: Path
) -> dict[str, Any]:
    """What the shapes tell, for an architecture that can read them."""
    if not hasattr(module, "settings_of"):
        return {}
    try:
        told: dict[str, Any] = module.settings_of(shapes)
    except KeyError as missing:
        held = ", ".join(sorted(shapes)[:3])
        raise Failed(
            f"{path} does not look like {kind}: it has no {missing.args[0]} but {held}, ...; "
            f"name another architecture, or give key rules in {sidecar.path_beside(path).name}"
        ) from None
    return told


def _usual_processor(
    module: ModuleType, kind: str, settings: Mapping[str, Any], size: int | None, path: Path
) -> dict[str, Any]:
    if not hasattr(module, "processor"):
        raise WrongUse(f"{kind} has no usual input; describe its processor in {sidecar.path_beside(path)}")
    usual: dict[str, Any] = module.processor(settings, size)
    return usual


def _value(text: str) -> Any:
    """`1.0`, `true`, `null` as JSON reads them, anything else as it stands."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _whole_number(name: str, text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise WrongUse(f"torch source: {name}={text} is not a number of pixels, such as {name}=224")
    return int(text)


def _told_by_weights() -> list[str]:
    """The architectures that a file of weights can be laid into: those that read their settings from it, or say their input."""
    return [
        kind
        for kind in architectures.names()
        if any(hasattr(_module(kind), part) for part in ("settings_of", "processor"))
    ]


def _is_buffer(name: str) -> bool:
    return name.endswith(("running_mean", "running_var", "num_batches_tracked"))


def _product(shape: tuple[int, ...]) -> int:
    product = 1
    for side in shape:
        product *= side
    return product
