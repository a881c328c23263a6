"""Text: items of the modality "text" - strings, and files of one text each - and the rules by which one is left out.

Left out and listed: texts that are empty or only white space, files that are no text in any encoding that can be told (see
`data/encoding.py`). An item is the text without the white space around it; its id is the SHA-256 of that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.examples import Chosen, Examples
from transferkit.core.format import Skipped
from transferkit.core.run import Progress, silent
from transferkit.data import encoding as encodings
from transferkit.data.scripts import mixed_scripts, script_of

SUFFIXES = frozenset({".txt", ".text", ".md"})
"""Of files that hold one text each."""
EMPTY = "the text is empty"
_LONGEST_NAME = 255
"""Bytes of the longest string that is looked for on disk; a longer name may not even be asked for."""
_LOOKED_AT = 20
"""Texts by which it is told that paths were meant."""


class Decoder:
    """How the files of one reading are decoded: as declared, or each by what is found out of it.

    The encoding of files that are not UTF-8 is guessed from all of them together, for one alone says little.
    """

    def __init__(self, paths: Sequence[Path], declared: str | None = None) -> None:
        self._paths, self._declared = tuple(paths), declared
        self._guess: list[str | None] = []

    def text(self, path: Path) -> tuple[str, str]:
        """The text of a file, and the encoding that was guessed, "" where none had to be.

        Raises OSError, UnicodeError or WrongUse where it cannot be had.
        """
        content = path.read_bytes()
        name = encodings.known(self._declared) if self._declared else encodings.by_mark(content[:4])
        if not encodings.is_wide(name or "") and b"\0" in content:
            raise WrongUse(f"a zero byte (byte {content.index(0)}), so this is not text")
        try:
            return content.decode(name or encodings.UTF_8).strip(), ""
        except UnicodeDecodeError as reason:
            other = None if name else self._guessed()
            if other is None:
                told = self._declared or name or "UTF-8"
                raise WrongUse(f"not {told} text (byte {reason.start}); name its --encoding") from None
            return content.decode(other).strip(), other

    def _guessed(self) -> str | None:
        if not self._guess:
            sample = b""
            for path in filter(_may_be_text, self._paths):
                sample += encodings.telling_lines_beyond_utf_8(path.read_bytes())
                if len(sample) >= encodings.SAMPLE_BYTES:
                    break
            self._guess.append(encodings.guessed(sample) if sample else None)
        return self._guess[0]


class TextFiles(Sequence[Any]):
    """The texts of files, read when asked for."""

    def __init__(self, paths: Sequence[Path], decoder: Decoder | None = None) -> None:
        self.paths = tuple(paths)
        self._decoder = decoder or Decoder(self.paths)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Chosen(self, range(len(self))[index])
        try:
            return self._decoder.text(self.paths[index])[0]
        except (OSError, UnicodeError, WrongUse) as reason:
            raise Failed(f"{self.paths[index]}: {_short(reason)}") from None


class CellTexts(Sequence[Any]):
    """The texts in the cells of a table's column, without the white space around them; "" for a gap."""

    def __init__(self, cells: Sequence[Any]) -> None:
        self.cells = cells

    def __len__(self) -> int:
        return len(self.cells)

    def __iter__(self) -> Iterator[str]:
        return map(_stripped, self.cells)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Chosen(self, range(len(self))[index])
        return _stripped(self.cells[index])


@dataclass(frozen=True)
class CheckedText:
    """A text file that can be used."""

    path: Path
    id: str
    guessed: str
    """The encoding that was guessed; "" where none had to be."""
    script: str | None
    """Most of its letters are of."""


def digest(text: str) -> bytes:
    """32 bytes that equal texts share."""
    return hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).digest()


def identity(text: str) -> str:
    """The same in 64 hex digits."""
    return digest(text).hex()


def is_text_file(item: str) -> bool:
    """Whether a string given to predict on is the path of a text file, not a text itself.

    It is where it ends like one (`SUFFIXES`) and is either there or holds no white space: "new/letter.txt" is a file even
    where it is missing, "please read letter.txt" is a text unless there is such a file.

    >>> is_text_file("new/letter.txt"), is_text_file("please read letter.txt"), is_text_file("good")
    (True, False, False)
    """
    if Path(item).suffix.lower() not in SUFFIXES or "\n" in item:
        return False
    return not any(map(str.isspace, item)) or _is_there(item)


def held(items: Sequence[Any]) -> Examples | None:
    """Unlabelled examples of strings in memory; None where these are none.

    >>> held(["good", " good "]).ids[0] == held(["good"]).ids[0], held([1.5])
    (True, None)
    """
    texts = list(items)
    if not texts or not all(isinstance(text, str) for text in texts):
        return None
    if all(map(_is_there, texts[:_LOOKED_AT])):
        raise WrongUse(
            f"{texts[0]!r} is the path of a file; read a folder with Target.read, or give what the files hold"
        )
    for i, text in enumerate(texts):
        if not text.strip():
            raise WrongUse(f"item {i} is an empty text; leave it out")
    return Examples(items=[str(text).strip() for text in texts], ids=tuple(map(identity, texts)))


def check_text_files(
    paths: Sequence[Path], names: Sequence[str], decoder: Decoder, progress: Progress = silent
) -> list[CheckedText | Skipped]:
    """Every file looked through once: usable, or left out for a reason, in the order given."""
    found: list[CheckedText | Skipped] = []
    for path, name in zip(paths, names, strict=True):
        found.append(_check(path, name, decoder))
        progress("reading texts", len(found), len(paths))
    return found


def remarks(checked: Sequence[CheckedText], names: Sequence[str]) -> tuple[str, ...]:
    """Lines that tell of guessed encodings and of mixed scripts; `names` as `checked`."""
    guesses = [(name, one.guessed) for name, one in zip(names, checked, strict=True) if one.guessed]
    told: tuple[str, ...] = ()
    if guesses:
        name, encoding = guesses[0]
        more = f" (and {len(guesses) - 1} more)" if len(guesses) > 1 else ""
        told = (encodings.guessed_note(f"{name}{more}", encoding),)
    return told + mixed_scripts([one.script for one in checked])


def _check(path: Path, name: str, decoder: Decoder) -> CheckedText | Skipped:
    if path.suffix.lower() not in SUFFIXES:
        return Skipped(name, f"not a text file ({', '.join(sorted(SUFFIXES))} are read)")
    try:
        text, guess = decoder.text(path)
    except (OSError, UnicodeError, WrongUse) as reason:
        return Skipped(name, _short(reason))
    if not text:
        return Skipped(name, EMPTY)
    return CheckedText(path, identity(text), guess, script_of(text))


def _stripped(cell: Any) -> str:
    return "" if cell is None else str(cell).strip()


def _is_there(item: str) -> bool:
    """Whether there is such a file; few texts are even possible as a path."""
    length = len(item.encode("utf-8", "surrogatepass"))
    return "\n" not in item and length <= _LONGEST_NAME and Path(item).is_file()


def _may_be_text(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()


def _short(reason: Exception) -> str:
    """The reason in a few words."""
    if isinstance(reason, FileNotFoundError):
        return "no such file"
    if isinstance(reason, PermissionError):
        return "no permission to read it"
    if isinstance(reason, IsADirectoryError):
        return "a folder, not a text"
    if isinstance(reason, UnicodeDecodeError):
        return f"not {reason.encoding} text (byte {reason.start}), as others here are"
    return str(reason).splitlines()[0]
