"""A folder of class folders of pictures; see `data/class_folders.py` for what such folders may hold, and
`data/picture.py` for the pictures that are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from transferkit.core.examples import Examples
from transferkit.core.format import Format, Reading, ReadOptions
from transferkit.core.run import Progress, silent
from transferkit.data.class_folders import Contents, holds, read_class_folders
from transferkit.data.picture import SUFFIXES, Pictures, check_pictures, several_frames
from transferkit.data.picture_arrays import held

PICTURES = Contents(
    modality="image",
    what="picture",
    suffixes=SUFFIXES,
    check=check_pictures,
    items=lambda checked: Pictures([one.path for one in checked]),
    notes=several_frames,
)


class ImageFolder(Format):
    """Pictures in folders named after their classes."""

    modality: ClassVar[str] = "image"
    example: ClassVar[str] = "a folder with one folder of pictures per class"

    def recognises(self, path: Path, options: ReadOptions) -> bool:
        return holds(path, SUFFIXES)

    def read(self, path: Path, options: ReadOptions, progress: Progress = silent) -> Reading:
        return read_class_folders(path, options, PICTURES, progress)

    def items(self, paths: list[Path]) -> Sequence[Any]:
        return Pictures(paths)

    def in_memory(self, items: Sequence[Any]) -> Examples | None:
        return held(items)
