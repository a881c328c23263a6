"""Across modalities: the processor that lets a network take items it was not made for, such as a sound as a picture.

One file under `sources/processors/` a bridge, named after what it does: `audio_as_image.py` with
`around(inner, items) -> Processor`, where `inner` is the network's own processor and `items` are open items of the target,
for what the bridge must know of them (how long sounds are). What it makes of an item is written down by its `describe()`,
the inner processor's settings included, so that nothing about the adaptation is implicit.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from transferkit.sources import processors

if TYPE_CHECKING:
    from transferkit.core.source import Processor


def adapted(processor: Processor, modality: str, items: Sequence[Any] = ()) -> Processor | None:
    """A processor that takes items of `modality` for the network that `processor` feeds; None where no way is known.

    >>> from transferkit.sources.processors.image import ImageProcessor
    >>> adapted(ImageProcessor(), "image") == ImageProcessor()
    True
    >>> adapted(ImageProcessor(), "audio").modality
    'audio'
    >>> adapted(ImageProcessor(), "text") is None
    True
    """
    if processor.modality == modality:
        return processor
    if not is_known(modality, processor.modality):
        return None
    bridge = f"{modality}_as_{processor.modality}"
    built: Processor = importlib.import_module(f"{processors.__name__}.{bridge}").around(processor, items)
    return built


def is_known(modality: str, network: str) -> bool:
    """Whether items of `modality` can be given to a network made for items of modality `network`.

    >>> is_known("audio", "image"), is_known("image", "audio")
    (True, False)
    """
    return modality == network or f"{modality}_as_{network}" in processors.names()
