"""Encoding: how the bytes of a text file are read - as declared, by its byte order mark, as UTF-8, or as it looks.

What is declared is taken at its word. Otherwise a file with a mark is UTF-8, UTF-16 or UTF-32 by that mark; one whose bytes
are all UTF-8 is UTF-8; of any other the detector of `charset-normalizer` is asked, among encodings that are still met.
Where several look alike to it, letters decide: an encoding that puts signs into words, as in "obejrza³em", is not the right
one; then Windows' western one, which most such files are in.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from transferkit.core.errors import WrongUse, unknown_name

UTF_8 = "utf-8-sig"
"""UTF-8, with or without a mark."""
CANDIDATES = (
    "cp1252",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1254",
    "cp1255",
    "cp1256",
    "koi8_r",
    "gb18030",
    "big5",
    "shift_jis",
    "euc_jp",
    "euc_kr",
    "cp874",
)
"""What an undeclared file that is not UTF-8 may be in."""
SAMPLE_BYTES = 65_536
"""Bytes of telling lines the detector is shown."""
_ALIKE = 0.01
"""Difference of the detector's measure of disorder that tells nothing."""
_MARKS = (
    (codecs.BOM_UTF8, UTF_8),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BLOCK = 1 << 20
"""Bytes read at a time."""
_SIGN_IN_WORD = re.compile(r"(?<=[^\W\d_])[^\w\x00-\x7f]|(?<=[^\W\d_])[ªº²³¹¼½¾]")
"""A sign beyond ASCII right after a letter; the second part are signs that Unicode counts among letters and digits."""


@dataclass(frozen=True)
class Encoding:
    """How to read a file."""

    name: str
    notes: tuple[str, ...] = ()
    """What a person should know: that it was guessed."""


def encoding_of(path: Path, declared: str | None, most_bytes: int | None = None) -> Encoding:
    """How to read a text file, of which only the first `most_bytes` are looked at.

    Raises WrongUse, one line with row and byte, where it is not text in the declared encoding, or in any that can be told.
    """
    if declared is not None:
        name = known(declared)
        _refuse_what_is_no_text(path, name, most_bytes)
        if (bad := _first_bad(path, name, most_bytes)) is not None:
            raise WrongUse(f"{path} {bad.where}: not {declared} text, as --encoding says; name another encoding")
        return Encoding(UTF_8 if name == "utf-8" else name)
    marked = by_mark(_head(path))
    name = marked or UTF_8
    _refuse_what_is_no_text(path, name, most_bytes)
    bad = _first_bad(path, name, most_bytes)
    if bad is None:
        return Encoding(name)
    if marked:
        raise WrongUse(f"{path} {bad.where}: not {marked} text, as the mark at its start says; name its --encoding")
    found = guessed(_sample(path, most_bytes))
    if found is None or _first_bad(path, found, most_bytes) is not None:
        raise WrongUse(f"{path} {bad.where}: not UTF-8 text, and what else cannot be told; name its --encoding")
    return Encoding(found, (guessed_note(path.name, found),))


def known(declared: str) -> str:
    """Python's name of a declared encoding; one line where there is no such."""
    try:
        found = codecs.lookup(declared)
    except (LookupError, ValueError):
        raise unknown_name("encoding", declared, ("utf-8", "utf-16", "latin-1", *CANDIDATES)) from None
    if not found._is_text_encoding:
        raise WrongUse(f"{declared} is no encoding of text; name one such as utf-8 or latin-1")
    return found.name


def by_mark(head: bytes) -> str | None:
    """The encoding that a byte order mark at the start tells.

    >>> by_mark("word".encode("utf-16")), by_mark(b"word")
    ('utf-16', None)
    """
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def guessed(sample: bytes) -> str | None:
    """The encoding these bytes look like, of text that is not UTF-8; None where nothing fits.

    >>> guessed("Très bon hôtel, et le café délicieux".encode("cp1252"))
    'cp1252'
    """
    from charset_normalizer import from_bytes

    matches = list(from_bytes(sample, cp_isolation=list(CANDIDATES)))
    if not matches:
        return None
    least = min(match.chaos for match in matches)
    likely = [match for match in matches if match.chaos <= least + _ALIKE]
    alike = [name for match in likely for name in match.could_be_from_charset if name in CANDIDATES]
    signs = {name: len(_SIGN_IN_WORD.findall(sample.decode(name, "replace"))) for name in alike}
    return min(signs, key=lambda name: (signs[name], name != "cp1252", alike.index(name)), default=None)


def guessed_note(name: str, encoding: str) -> str:
    """The line that tells of a guess."""
    return f"{name}: not UTF-8, read as {encoding}; if letters look wrong, name its --encoding"


def telling_lines(data: bytes) -> bytes:
    """The lines that are not plain ASCII, by which one encoding is told from another."""
    return b"\n".join(line for line in data.split(b"\n") if not line.isascii())


def telling_lines_beyond_utf_8(content: bytes) -> bytes:
    """The same of a whole file; nothing of one that is UTF-8, has a mark, or is no text."""
    if by_mark(content[:4]) or b"\0" in content:
        return b""
    try:
        content.decode()
    except UnicodeDecodeError:
        return telling_lines(content) + b"\n"
    return b""


def is_wide(encoding: str) -> bool:
    """Whether zero bytes are to be expected in it."""
    return encoding.replace("_", "-").startswith(("utf-16", "utf-32"))


@dataclass(frozen=True)
class _Bad:
    row: int
    byte: int

    @property
    def where(self) -> str:
        return f"row {self.row} (byte {self.byte})"


def _refuse_what_is_no_text(path: Path, encoding: str, most_bytes: int | None) -> None:
    if is_wide(encoding):
        return
    before, rows = 0, 1
    for block in _blocks(path, most_bytes):
        at = block.find(0)
        if at >= 0:
            bad = _Bad(rows + block.count(b"\n", 0, at), before + at)
            raise WrongUse(
                f"{path} {bad.where}: a zero byte, so this is not text; or name its --encoding, such as utf-16-le"
            )
        before, rows = before + len(block), rows + block.count(b"\n")


def _first_bad(path: Path, encoding: str, most_bytes: int | None) -> _Bad | None:
    """The first byte that cannot be decoded."""
    decoder = codecs.getincrementaldecoder(encoding)()
    read, rows = 0, 1
    try:
        for block in _blocks(path, most_bytes):
            read, rows = read + len(block), rows + block.count(b"\n")
            decoder.decode(block)
        if most_bytes is None or read < most_bytes:
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as reason:
        held = bytes(reason.object)  # what was left of the block before, and this one
        return _Bad(rows - held.count(b"\n", reason.start), read - len(held) + reason.start)
    return None


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4)


def _sample(path: Path, most_bytes: int | None) -> bytes:
    sample = b""
    for block in _blocks(path, most_bytes):
        sample += telling_lines(block) + b"\n"
        if len(sample) >= SAMPLE_BYTES:
            break
    # whole lines, for half a letter at the end would fit no encoding
    return sample if len(sample) <= SAMPLE_BYTES else sample[:SAMPLE_BYTES].rpartition(b"\n")[0] or sample


def _blocks(path: Path, most_bytes: int | None) -> Iterator[bytes]:
    """The file in whole lines, a megabyte or so at a time."""
    left = most_bytes if most_bytes is not None else float("inf")
    with path.open("rb") as file:
        while left > 0 and (block := file.read(int(min(_BLOCK, left)))):
            left -= len(block)
            yield block
