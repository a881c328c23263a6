"""`timm:` any timm model of pictures: `timm:resnet18.a1_in1k`, `timm:resnet18?checkpoint=weights.safetensors`.

A name with its tag stands for the weights that timm publishes on the Hugging Face hub; they come from the local cache or are
downloaded, as safetensors. `checkpoint` names a file of a person's own, trained with that architecture. It needs timm and a
torchvision that fits the installed torch.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from transferkit.core.architecture import Architecture
from transferkit.core.errors import Failed, WrongUse, unknown_name
from transferkit.core.source import Card, Processor, SourceKind, SourceOptions
from transferkit.sources import fingerprint, hub, key_map, processors, weight_file

if TYPE_CHECKING:
    from transferkit.core.network import Network

_DATA = {
    "in1k": "ImageNet-1k",
    "in12k": "ImageNet-12k",
    "in21k": "ImageNet-21k",
    "in22k": "ImageNet-22k",
    "laion2b": "LAION-2B",
    "lvd142m": "LVD-142M",
    "webli": "WebLI",
}
"""Words of a tag that name data, in the order they were trained on."""
_RULES = {r"^module\.": "", r"^_orig_mod\.": ""}
"""What wrappers of a training script put before every name."""


class Timm(SourceKind):
    """A classifier or backbone of pictures."""

    example = "timm:resnet18.a1_in1k"

    def card(self, location: str, options: SourceOptions) -> Card:
        """From timm's own table; nothing is downloaded but the list of the hub's files."""
        said = _said(location)
        weights = _weights(said, options)
        n_classes = _n_classes(said, weights, options)
        here = weights.path is not None
        return Card(
            name=f"timm:{location}",
            modality="image",
            holds="model",
            fingerprint=weights.commit or fingerprint.of_files([weights.here], also=said.name),
            architecture=Architecture.of("timm_model", {"name": said.name, "n_classes": n_classes}),
            parameters=_parameters(said.name),
            bytes=weights.bytes,
            classes=tuple(str(i) for i in range(n_classes or 0)),
            licence=str(said.settings.get("license") or "unknown") if said.checkpoint is None else "unknown",
            trained_on=_trained_on(said.tag) if said.checkpoint is None else "unknown",
            local=here,
        )

    def network(self, location: str, options: SourceOptions) -> Network:
        """The model with its weights; they are downloaded here if they are not in the cache."""
        from transferkit.sources import architectures

        said = _said(location)
        weights = _weights(said, options)
        n_classes = _n_classes(said, weights, options)
        network = architectures.build(Architecture.of("timm_model", {"name": said.name, "n_classes": n_classes}))
        tensors = weight_file.tensors(weights.fetched(), options.trust)
        head = re.escape(f"body.{said.settings.get('classifier')}.")
        rules = {**_RULES, "^": "body.", f"^{head}": "head." if n_classes else ""}
        key_map.load(network, tensors, rules, f"timm:{location}")
        return network

    def processor(self, location: str, options: SourceOptions) -> Processor:
        """As timm evaluates the model."""
        return processors.build(_processor(_said(location).settings, location))

    def check(self, location: str) -> None:
        """Refuse a model that timm does not know, and a file that is not there."""
        _said(location)


@dataclass(frozen=True)
class _Said:
    """A location, taken apart."""

    name: str
    tag: str
    checkpoint: Path | None
    settings: Mapping[str, Any]
    """How the weights were trained, as timm says."""


@dataclass(frozen=True)
class _Weights:
    """Where the weights are."""

    path: Path | None
    """None where they are to be downloaded."""
    bytes: int
    commit: str | None = None
    checkpoint: hub.Checkpoint | None = None
    file: str = ""

    @property
    def here(self) -> Path:
        """The file, which is here."""
        if self.path is None:
            raise Failed(f"{self.file} is not here yet")
        return self.path

    def fetched(self) -> Path:
        """The file, downloaded if it is not here."""
        return self.checkpoint.fetch(self.file) if self.checkpoint is not None else self.here


def _said(location: str) -> _Said:
    from transferkit.sources.architectures.timm_model import timm_library

    timm = timm_library()
    spelled, _, query = location.partition("?")
    wishes = dict(parse_qsl(query, keep_blank_values=True))
    for wish in wishes:
        if wish != "checkpoint":
            raise unknown_name("wish of a timm source", wish, ("checkpoint",))
    name, _, tag = spelled.partition(".")
    if not timm.is_model(name):
        raise unknown_name("timm model", name, timm.list_models())
    checkpoint = Path(wishes["checkpoint"]).expanduser() if "checkpoint" in wishes else None
    if checkpoint is not None and not checkpoint.is_file():
        raise WrongUse(f"timm source: no such file {wishes['checkpoint']!r}")
    known = [pretrained.partition(".")[2] for pretrained in timm.list_pretrained(f"{name}.*")]
    if tag and tag not in known:
        raise unknown_name(f"weights of timm's {name}", tag, known)
    if not tag and checkpoint is None:
        if not known:
            raise WrongUse(f"timm publishes no weights for {name}; name a file of yours: timm:{name}?checkpoint=FILE")
        tag = str(timm.models.get_pretrained_cfg(name).tag or known[0])
    settings = timm.models.get_pretrained_cfg(f"{name}.{tag}" if tag else name)
    return _Said(name, tag, checkpoint, settings.to_dict() if settings is not None else {})


def _weights(said: _Said, options: SourceOptions) -> _Weights:
    if said.checkpoint is not None:
        return _Weights(said.checkpoint, said.checkpoint.stat().st_size)
    found = hub.locate(f"timm/{said.name}.{said.tag}", options.offline, "timm")
    files = hub.weights(found, options.trust).files
    if len(files) != 1:
        raise Failed(f"timm/{said.name}.{said.tag} has its weights in {len(files)} files, expected one")
    here = found.folder / files[0]
    return _Weights(here if here.is_file() else None, found.size(files[0]), found.commit, found, files[0])


def _n_classes(said: _Said, weights: _Weights, options: SourceOptions) -> int | None:
    """Of the head in a person's own file; else as timm says of what it publishes."""
    if said.checkpoint is None:
        return int(said.settings.get("num_classes") or 0) or None
    shapes = weight_file.shapes(weights.here, options.trust)
    head = key_map.rename(shapes, _RULES).get(f"{said.settings.get('classifier')}.weight")
    return shapes[head][0] if head is not None else None


@lru_cache(maxsize=64)
def _parameters(name: str) -> int:
    """Counted without making them."""
    import torch

    from transferkit.sources.architectures.timm_model import made

    with torch.device("meta"):
        return sum(parameter.numel() for parameter in made(name, None).parameters())


def _trained_on(tag: str) -> str:
    """As the words of a tag tell.

    >>> _trained_on("fb_in22k_ft_in1k"), _trained_on("untrained")
    ('ImageNet-22k, ImageNet-1k', 'unknown')
    """
    return ", ".join(_DATA[word] for word in tag.split("_") if word in _DATA) or "unknown"


def _processor(settings: Mapping[str, Any], location: str) -> dict[str, Any]:
    """timm.data.transforms_factory: the shorter side to the floor of size / crop_pct, then the centre."""
    _, height, width = settings.get("input_size") or (3, 224, 224)
    mode = settings.get("crop_mode") or "center"
    if mode not in ("center", "squash"):
        raise WrongUse(
            f"timm:{location} crops pictures by the rule {mode!r}, which is not known here; choose another model"
        )
    covered = math.floor(max(height, width) / (settings.get("crop_pct") or 0.875))
    interpolation = settings.get("interpolation") or "bilinear"
    return {
        "kind": "image",
        "size": [height, width],
        "mean": list(settings.get("mean") or (0.485, 0.456, 0.406)),
        "std": list(settings.get("std") or (0.229, 0.224, 0.225)),
        "resize": "shorter_side" if mode == "center" else "stretch",
        "crop_share": max(height, width) / covered if mode == "center" else 1.0,
        "interpolation": "bilinear" if interpolation == "random" else interpolation,
        "crop_rounding": "even",
    }
