"""A picture, made small."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from typing import Any

from transferkit.evaluate.summary import Mistake

LARGEST = 96
"""Pixels of the longer side."""


def show(mistake: Mistake, item: Any) -> Mistake:
    """With a `thumbnail`."""
    from PIL import Image

    if not isinstance(item, Image.Image):
        return mistake
    picture = item.convert("RGB")
    scale = LARGEST / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    picture = picture.resize(size, Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS)
    return replace(mistake, thumbnail=as_png(picture))


def as_png(picture: Any) -> str:
    """A Pillow image as `data:image/png;base64,...`."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
