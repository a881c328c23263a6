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
    bridge = f"{modality}_as_{processor.modality}"
    if bridge not in processors.names():
        return None
    built: Processor = importlib.import_module(f"{processors.__name__}.{bridge}").around(processor, items)
    return built
