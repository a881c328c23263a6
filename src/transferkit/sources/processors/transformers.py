"""How a transformers checkpoint wants its pictures: our ImageProcessor where that gives the same, else the library's own.

Whether it gives the same is found out, not looked up: both are run on two test pictures of odd shapes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, final

from transferkit.core.errors import WrongUse
from transferkit.core.pixels import eight_bits
from transferkit.core.source import Processor
from transferkit.sources.processors.image import ImageProcessor, Interpolation

if TYPE_CHECKING:
    from torch import Tensor

_INTERPOLATION: dict[int, Interpolation] = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box"}
"""Pillow's numbers; "hamming" (5) is left to the library."""


@final
@dataclass(frozen=True)
class TransformersProcessor(Processor):
    """One of transformers' image processors, in its Pillow form."""

    settings: str
    """Canonical JSON of a preprocessor configuration, `image_processor_type` included."""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> TransformersProcessor:
        """From a preprocessor configuration as it stands in a checkpoint, its type spelled out."""
        return cls(json.dumps(dict(settings), sort_keys=True))

    def __call__(self, items: Sequence[Any]) -> Tensor:
        """Pictures of any mode -> float32 (n, channels, height, width)."""
        import torch

        pictures = [eight_bits(item).convert("RGB") for item in items]
        try:
            pixels = _library_processor(self.settings)(images=pictures, return_tensors="pt")["pixel_values"]
        except ValueError as reason:
            first = str(reason).splitlines()[0]
            raise WrongUse(
                f"image processor {self._type} does not make one tensor of these pictures: {first}"
            ) from None
        return torch.as_tensor(pixels, dtype=torch.float32)

    def describe(self) -> dict[str, Any]:
        """The configuration; `sources.processors.build` makes an equal processor of it."""
        return {"kind": "transformers", **json.loads(self.settings)}

    @property
    def _type(self) -> str:
        return str(json.loads(self.settings)["image_processor_type"])


def of(settings: Mapping[str, Any]) -> TransformersProcessor:
    """The processor of these settings."""
    return TransformersProcessor.of(settings)


def processor_of(configuration: Mapping[str, Any], model_type: str, image_size: Any = None) -> Processor:
    """The processor of a checkpoint: its preprocessor configuration (empty: what its family usually does).

    `image_size` is the input the model is built for; it counts where the checkpoint says nothing.
    """
    settings = {**configuration, "image_processor_type": _type_of(configuration, model_type)}
    for stale in ("feature_extractor_type", "processor_class", "_processor_class", "auto_map"):
        settings.pop(stale, None)
    if not configuration and image_size:
        height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
        settings.update(size={"height": height, "width": width}, do_center_crop=False)
    wrapped = TransformersProcessor.of(settings)
    library = _library_processor(wrapped.settings)
    for plain in _candidates(library):
        if _agree(plain, wrapped):
            return plain
    return wrapped


def _type_of(configuration: Mapping[str, Any], model_type: str) -> str:
    """The class that a configuration names, or else that of the model's family."""
    usual_of_types: Any = import_module("transformers.models.auto.image_processing_auto").IMAGE_PROCESSOR_MAPPING_NAMES
    named = configuration.get("image_processor_type") or configuration.get("feature_extractor_type")
    if not named:
        usual = usual_of_types.get(model_type)
        if usual is None:
            raise WrongUse(f"nothing says how a {model_type} model wants its pictures: no preprocessor_config.json")
        named = next(filter(None, usual.values() if isinstance(usual, Mapping) else usual))
    name = str(named).replace("FeatureExtractor", "ImageProcessor")
    return name.removesuffix("Fast").removesuffix("Pil")


@cache
def _library_processor(settings: str) -> Any:
    """The library's processor; its Pillow form is called `...Pil` where the plain name wants torchvision."""
    import transformers

    configuration = json.loads(settings)
    name = configuration["image_processor_type"]
    for candidate in (f"{name}Pil", name):
        found = getattr(transformers, candidate, None) if name.endswith("ImageProcessor") else None
        if found is None:
            continue
        try:
            return found.from_dict(configuration)
        except ImportError:
            continue
        except (TypeError, ValueError) as reason:
            raise WrongUse(
                f"image processor {name} does not take its settings: {str(reason).splitlines()[0]}"
            ) from None
    raise WrongUse(f"image processor {name} is not in transformers {transformers.__version__}, or needs torchvision")


def _candidates(library: Any) -> Iterator[ImageProcessor]:
    """The plain recipes that the settings of a library processor may stand for."""
    resample = getattr(library, "resample", None)
    interpolation = _INTERPOLATION.get(int(resample)) if resample is not None else None
    if interpolation is None or not getattr(library, "do_resize", False):
        return
    size, crop = (dict(getattr(library, name, None) or {}) for name in ("size", "crop_size"))
    normalise = getattr(library, "do_normalize", False)
    plain = ImageProcessor(
        mean=_three(library.image_mean) if normalise else (0.0, 0.0, 0.0),
        std=_three(library.image_std) if normalise else (1.0, 1.0, 1.0),
        interpolation=interpolation,
    )
    if size.get("height") and size.get("width"):
        yield replace(plain, size=(size["height"], size["width"]), resize="stretch")
    short = size.get("shortest_edge")
    if short and crop.get("height") and crop.get("width"):
        share = max(crop["height"], crop["width"]) / short
        if share <= 1:
            yield replace(plain, size=(crop["height"], crop["width"]), resize="shorter_side", crop_share=share)
    if short and (kept := getattr(library, "crop_pct", None)):  # ConvNeXt crops below 384 pixels only
        share = short / int(short / kept)
        yield replace(plain, size=(short, short), resize="shorter_side", crop_share=share)
        yield replace(plain, size=(short, short), resize="stretch")


def _three(value: Any) -> tuple[float, float, float]:
    """One number a channel; a grey model has one number for all three."""
    values = (value,) if isinstance(value, (int, float)) else tuple(value)
    red, green, blue = values * 3 if len(values) == 1 else values
    return red, green, blue


def _agree(plain: ImageProcessor, wrapped: TransformersProcessor) -> bool:
    """Do both give the same tensors, to a hundredth of a grey level?"""
    for picture in _test_pictures():
        try:
            theirs = wrapped([picture])
        except WrongUse:
            return False
        ours = plain([picture])
        if ours.shape != theirs.shape or (ours - theirs).abs().max() > 4e-5 / min(plain.std):
            return False
    return True


@cache
def _test_pictures() -> tuple[Any, ...]:
    """One wide, one tall, both with sides that leave odd pixels over."""
    import numpy as np
    from PIL import Image

    noise = np.random.default_rng(0)
    return tuple(Image.fromarray(noise.integers(0, 256, shape, np.uint8)) for shape in ((61, 98, 3), (301, 212, 3)))
