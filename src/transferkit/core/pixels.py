"""Pixels: what a picture of any kind becomes, an upright RGB or grey (L) image of 8 bits.

The rules: black-and-white and 16-bit grey become 8-bit grey (65535 -> 255); CMYK, YCbCr, HSV and palettes become RGB;
what is transparent lies on white; of an animation or a file of several pages the first is used; the camera's orientation
is applied. Pixels of other types (32-bit, floating point, LAB) have no natural 8-bit scale and are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from transferkit.core.errors import WrongUse

if TYPE_CHECKING:
    from PIL.Image import Image, Transpose

_GREY = ("1", "L", "LA", "La")
_SIXTEEN_BITS = ("I;16", "I;16B", "I;16L", "I;16N", "I")
_COLOUR = ("P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "HSV")
_ORIENTATION = 0x0112
"""The EXIF tag."""


def check_pixel_type(mode: str) -> None:
    """Raise the reason where pixels of this type have no rule."""
    if mode not in _GREY + _SIXTEEN_BITS + _COLOUR:
        raise WrongUse(f"pixels of type {mode} are not read; save it with 8 or 16 bits, grey or RGB")


def eight_bits(picture: Any) -> Image:
    """An upright image of mode RGB or L by the rules of this file; the picture itself stays as it was.

    What came out once comes out again as it is.

    >>> from PIL import Image
    >>> eight_bits(Image.new("CMYK", (2, 2))).mode, eight_bits(Image.new("1", (2, 2))).mode
    ('RGB', 'L')
    """
    from PIL import Image as images

    if not isinstance(picture, images.Image):
        raise WrongUse(f"a picture is a PIL image, got {type(picture).__name__}; open it with PIL.Image.open")
    check_pixel_type(picture.mode)
    picture.load()  # now, for its file may be closed when the result is looked at
    if picture.mode in _SIXTEEN_BITS:
        return _upright(picture, _from_sixteen_bits(picture))
    mode = "L" if picture.mode in _GREY else "RGB"
    plain = _on_white(picture) if picture.has_transparency_data else picture
    plain = plain if plain.mode == mode else plain.convert(mode)
    return _upright(picture, plain)


def _from_sixteen_bits(picture: Image) -> Image:
    from PIL import Image as images

    values = np.asarray(picture)  # (h, w)
    if values.min() < 0 or values.max() > 65535:
        raise WrongUse("32-bit grey values have no scale; save it with 8 or 16 bits")
    return images.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))


def _on_white(picture: Image) -> Image:
    from PIL import Image as images

    colour = (picture.convert("LA") if picture.mode == "La" else picture).convert("RGBA")
    return images.alpha_composite(images.new("RGBA", colour.size, "white"), colour)


def _upright(picture: Image, pixels: Image) -> Image:
    """`pixels` turned as the camera that took `picture` was held."""
    turn = _turns().get(picture.getexif().get(_ORIENTATION, 1))
    if turn is None:
        return pixels
    turned = pixels.transpose(turn)
    turned.info = {}  # it still said how the camera was held, and the picture would be turned again
    return turned


def _turns() -> dict[int, Transpose]:
    from PIL.Image import Transpose

    return {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
