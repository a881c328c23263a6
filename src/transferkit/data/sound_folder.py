"""A folder of class folders of recordings; see `data/class_folders.py` for what such folders may hold, and `data/sound.py`
for the recordings that are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from transferkit.core.examples import Examples
from transferkit.core.format import Format, Reading, ReadOptions
from transferkit.core.run import Progress, silent
from transferkit.data.class_folders import Contents, holds, read_class_folders
from transferkit.data.sound import SUFFIXES, Piece, Sounds, check_sounds, notes_about
from transferkit.data.sound_arrays import held

SOUNDS = Contents(
    modality="audio",
    what="sound",
    suffixes=SUFFIXES,
    check=check_sounds,
    items=Sounds.of,
    notes=notes_about,
)


class SoundFolder(Format):
    """Recordings in folders named after their classes."""

    modality: ClassVar[str] = "audio"
    example: ClassVar[str] = "a folder with one folder of sounds per class"

    def recognises(self, path: Path, options: ReadOptions) -> bool:
        return holds(path, SUFFIXES)

    def read(self, path: Path, options: ReadOptions, progress: Progress = silent) -> Reading:
        return read_class_folders(path, options, SOUNDS, progress)

    def items(self, paths: list[Path]) -> Sequence[Any]:
        return Sounds([Piece(path) for path in paths])

    def in_memory(self, items: Sequence[Any]) -> Examples | None:
        return held(items)
