"""A folder of class folders of text files (.txt, .text, .md), one text a file.

See `data/class_folders.py` for what such folders may hold, and `data/text.py` for the texts that are left out. It also takes
texts that are in memory, and bare files to predict on.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from transferkit.core.examples import Examples
from transferkit.core.format import Format, Reading, ReadOptions
from transferkit.core.run import Progress, silent
from transferkit.data.class_folders import Contents, holds, read_class_folders
from transferkit.data.encoding import known
from transferkit.data.text import (
    SUFFIXES,
    CheckedText,
    Decoder,
    TextFiles,
    check_text_files,
    held,
    is_text_file,
    remarks,
)


class TextFolder(Format):
    """Texts in folders named after their classes."""

    modality: ClassVar[str] = "text"
    turn: ClassVar[int] = 10
    example: ClassVar[str] = "a folder with one folder of .txt files per class"

    def recognises(self, path: Path, options: ReadOptions) -> bool:
        return holds(path, SUFFIXES)

    def read(self, path: Path, options: ReadOptions, progress: Progress = silent) -> Reading:
        if options.encoding is not None:
            known(options.encoding)
        decoders: list[Decoder] = []

        def check(paths: Sequence[Path], names: Sequence[str], progress: Progress) -> Sequence[Any]:
            decoders.append(Decoder(paths, options.encoding))
            return check_text_files(paths, names, decoders[0], progress)

        contents: Contents[CheckedText] = Contents(
            modality="text",
            what="text",
            suffixes=SUFFIXES,
            check=check,
            items=lambda checked: TextFiles([one.path for one in checked], decoders[0]),
            notes=remarks,
        )
        return read_class_folders(path, options, contents, progress)

    def items(self, paths: list[Path]) -> Sequence[Any]:
        return TextFiles(paths)

    def names_a_file(self, item: str) -> bool:
        return is_text_file(item)

    def in_memory(self, items: Sequence[Any]) -> Examples | None:
        return held(items)
