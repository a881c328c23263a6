"""Pictures that are already in memory: PIL images, or arrays of them. An id is the SHA-256 of the decoded pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.core.examples import Chosen, Examples
from transferkit.core.pixels import eight_bits
from transferkit.data.picture import LEAST_SIDE


class ArrayPictures(Sequence[Any]):
    """An array of pictures as PIL images, made when asked for."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = pixels
        """(n, h, w) or (n, h, w, 3) uint8"""

    def __len__(self) -> int:
        return len(self.pixels)

    def __getitem__(self, index: Any) -> Any:
        from PIL import Image as images

        if isinstance(index, slice):
            return Chosen(self, range(len(self))[index])
        return images.fromarray(self.pixels[index])


def held(items: Sequence[Any]) -> Examples | None:
    """Unlabelled examples of pictures in memory; None where these are no pictures.

    Arrays are (n, h, w) grey or (n, h, w, 3) colour: 0 to 255 as whole numbers, 0 to 1 as fractions.

    >>> held(np.zeros((2, 8, 8), dtype=np.uint8)).items[1].size
    (8, 8)
    """
    from PIL import Image as images

    if len(items) == 0:
        return Examples(items=(), ids=())
    if all(isinstance(item, images.Image) for item in items):
        pictures: Sequence[Any] = [eight_bits(item) for item in items]
        arrays = [np.asarray(picture) for picture in pictures]
    elif hasattr(items, "__array__"):
        pixels = _bytes(np.asarray(items))
        pictures, arrays = ArrayPictures(pixels), list(pixels)
    elif all(hasattr(item, "__array__") for item in items):
        arrays = [_bytes(np.asarray(item)[None])[0] for item in items]
        pictures = [images.fromarray(array) for array in arrays]
    else:
        return None
    for i, array in enumerate(arrays):
        if min(array.shape[:2]) < LEAST_SIDE:
            height, width = array.shape[:2]
            raise WrongUse(f"item {i} is {width} x {height} pixels; each side needs at least {LEAST_SIDE}")
    return Examples(items=pictures, ids=tuple(_id(array) for array in arrays))


def _bytes(array: np.ndarray) -> np.ndarray:
    """(n, h, w) or (n, h, w, 3) uint8."""
    if array.ndim == 4 and array.shape[-1] == 1:
        array = array[..., 0]  # (n, h, w)
    if array.ndim not in (3, 4) or (array.ndim == 4 and array.shape[-1] != 3):
        hint = "; move its channels last" if array.ndim == 4 and array.shape[1] in (1, 3) else ""
        raise WrongUse(f"pictures of shape {array.shape} are not read; expected (n, h, w) or (n, h, w, 3){hint}")
    if array.dtype == np.uint8 or not array.size:
        return array
    low, high = float(array.min()), float(array.max())
    fractions = array.dtype.kind == "f"
    largest = 1 if fractions or array.dtype.kind == "b" else 255
    if not (low >= 0 and high <= largest):
        kind = "fractions" if fractions else "whole numbers"
        raise WrongUse(f"pictures as {kind} go from 0 to {largest}; got {low:g} to {high:g}; scale them first")
    return np.round(array.astype(np.float64) * (255 / largest)).astype(np.uint8)


def _id(array: np.ndarray) -> str:
    return hashlib.sha256(f"{array.shape}".encode() + np.ascontiguousarray(array).tobytes()).hexdigest()
