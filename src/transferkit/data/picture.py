"""Picture: files of pictures as lazy items, and the rules by which a file is left out.

Left out and listed: empty files; what is no JPEG, PNG, GIF, BMP, WebP, TIFF or PPM, whatever its name says; corrupt and
truncated files; sides under 2 pixels; more than 89 megapixels (told from the header, never decoded); pixel types without a
rule (see `core/pixels.py`). A file's id is the SHA-256 of its bytes: the same picture saved anew is another item.
"""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.examples import Chosen
from transferkit.core.format import Skipped
from transferkit.core.pixels import check_pixel_type, eight_bits
from transferkit.core.run import Progress, silent

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm"}
)
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
"""Pillow's names; a JPEG of several pictures (MPO) opens as JPEG.

Its other readers stay shut: few are ever needed, and one starts a program (EPS).
"""
LEAST_SIDE = 2
MOST_PIXELS = 89_000_000
"""Just under the size from which Pillow itself suspects a decompression bomb."""


@dataclass(frozen=True)
class Checked:
    """A file that can be used."""

    path: Path
    id: str
    several_frames: bool = False


class Pictures(Sequence[Any]):
    """Pictures of files, decoded to RGB or L when asked for."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Chosen(self, range(len(self))[index])
        return read_picture(self.paths[index])


def read_picture(path: Path) -> Image:
    """The picture of a file, RGB or L, upright. Raises Failed, one line, where it cannot be read."""
    return _read(path, str(path))


def read_content(content: bytes, name: str) -> Image:
    """As `read_picture`, from the bytes of a file."""
    return _read(io.BytesIO(content), name)


def _read(file: Path | BinaryIO, name: str) -> Image:
    from PIL import Image as images

    try:
        with images.open(file, formats=FORMATS) as picture:
            _check_header(picture)
            return eight_bits(picture)
    except Exception as reason:  # a broken file makes Pillow's readers fail in any way
        raise Failed(f"{name}: {_short(reason)}") from reason


def check_pictures(paths: Sequence[Path], names: Sequence[str], progress: Progress = silent) -> list[Checked | Skipped]:
    """Every file looked through once, several at a time: usable, or left out for a reason, in the order given."""
    found: list[Checked | Skipped] = []
    with warnings.catch_warnings(), ThreadPoolExecutor(max_workers=min(8, 2 * (os.cpu_count() or 1))) as pool:
        warnings.simplefilter("ignore")  # what Pillow would warn of is either a rule of ours or harmless
        for result in pool.map(_check, paths, names):
            found.append(result)
            progress("reading pictures", len(found), len(paths))
    return found


def several_frames(found: Sequence[Checked], names: Sequence[str]) -> tuple[str, ...]:
    """The line that tells of animations and files of several pages; `names` as `found`."""
    several = [name for checked, name in zip(found, names, strict=True) if checked.several_frames]
    if not several:
        return ()
    of = "picture has several frames" if len(several) == 1 else "pictures have several frames"
    return (f"{len(several)} {of}, only the first is used: {', '.join(several[:3])}{', ...' * (len(several) > 3)}",)


def check_content(content: bytes, name: str) -> Checked | Skipped:
    """As `check_pictures`, for the bytes of a file; the path is its name and is no file to read."""
    try:
        several = _several_frames(io.BytesIO(content))
    except Exception as reason:  # a broken file makes Pillow's readers fail in any way
        return Skipped(name, _short(reason))
    return Checked(Path(name), hashlib.sha256(content).hexdigest(), several)


def _check(path: Path, name: str) -> Checked | Skipped:
    try:
        if path.stat().st_size == 0:
            return Skipped(name, "the file is empty")
        several = _several_frames(path)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except Exception as reason:  # a broken file makes Pillow's readers fail in any way
        return Skipped(name, _short(reason))
    return Checked(path, digest, several)


def _several_frames(file: Path | BinaryIO) -> bool:
    """Look a picture through to its last byte; gives whether it has several frames."""
    from PIL import Image as images

    with images.open(file, formats=FORMATS) as picture:
        _check_header(picture)
        several = picture.format != "MPO" and bool(getattr(picture, "is_animated", False))
        if picture.mode.startswith("I"):
            eight_bits(picture)
        # a JPEG read at an eighth of its size is still read to its last byte, in a fraction of the time
        picture.draft("L", (1, 1))
        picture.load()
        picture.getexif()
    return several


def _check_header(picture: Image) -> None:
    width, height = picture.size
    if width < LEAST_SIDE or height < LEAST_SIDE:
        raise WrongUse(f"{width} x {height} pixels; each side needs at least {LEAST_SIDE}")
    if width * height > MOST_PIXELS:
        raise WrongUse(f"{width} x {height} pixels; more than {MOST_PIXELS // 1_000_000} megapixels are not decoded")
    check_pixel_type(picture.mode)


def _short(reason: Exception) -> str:
    """The reason in a few words of ours where it is a known one."""
    from PIL import UnidentifiedImageError
    from PIL.Image import DecompressionBombError

    if isinstance(reason, WrongUse):
        return str(reason)
    if isinstance(reason, FileNotFoundError):
        return "no such file"
    if isinstance(reason, PermissionError):
        return "no permission to read it"
    if isinstance(reason, IsADirectoryError):
        return "a folder, not a picture"
    if isinstance(reason, DecompressionBombError):
        return f"more than {MOST_PIXELS // 1_000_000} megapixels are not decoded"
    if isinstance(reason, UnidentifiedImageError):
        return "not a picture (JPEG, PNG, GIF, BMP, WebP, TIFF and PPM are read)"
    first_line = (str(reason) or type(reason).__name__).splitlines()[0]
    return f"corrupt or truncated ({first_line})"
