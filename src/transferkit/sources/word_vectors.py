"""Word vectors on disk: GloVe and word2vec text, word2vec binary, and safetensors with a list of words beside it.

GloVe text (Pennington et al. 2014): a word and its numbers a line. word2vec text (Mikolov et al. 2013; fastText's .vec too):
the same under a line with the number of words and of dimensions. word2vec binary: that line, then for each word its name, a
space and float32 numbers. All of them may be gzipped. safetensors: one matrix, and `words.txt` (or the file's own stem +
`.words.txt`) with the word of row i in line i.

The most frequent words come first in all files that are around, so that the first ones are the ones to keep. Bytes that are
no UTF-8 in a word become U+FFFD, and of a word that comes twice the first counts; a word with white space inside is left out,
for no text is ever split into such.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

from transferkit.core.errors import Failed, WrongUse
from transferkit.sources import weight_file

if TYPE_CHECKING:
    import numpy as np

_LONGEST_WORD = 1000
"""Bytes; a binary file in which a word does not end before is none."""
_LONGEST_VECTOR = 100_000
"""Numbers; word vectors have some hundreds."""
_LOOKED_AT = 4096
"""Bytes by which a binary file is told from text."""


@dataclass(frozen=True, eq=False)
class WordVectors:
    """n words, the most frequent first as far as the file tells."""

    words: tuple[str, ...]
    vectors: np.ndarray
    """(n, d) float32"""


def read(path: Path, most: int) -> WordVectors:
    """The first `most` words of a file. One line, with the line or word at fault, where it is not what it seems."""
    files = [file.stat() for file in files_of(path)]
    try:
        return _read(path, most, tuple((file.st_size, file.st_mtime_ns) for file in files))
    except (EOFError, OSError, zlib.error) as reason:
        raise Failed(f"{path} cannot be read ({str(reason).splitlines()[0]}); get it again") from None


def files_of(path: Path) -> list[Path]:
    """The files that a location stands for."""
    return [path, *_words_beside(path)]


@lru_cache(maxsize=2)
def _read(path: Path, most: int, state: tuple[tuple[int, int], ...]) -> WordVectors:
    """`state`, sizes and times of change, makes a rewritten file another one."""
    import numpy as np

    if path.suffix == ".safetensors":
        pairs = _from_safetensors(path, most)
    else:
        with _opened(path) as file:
            first = file.readline()
        pairs = _from_binary(path, first) if _is_binary(path, first) else _from_text(path, first)
    seen: dict[str, np.ndarray] = {}
    for word, vector in pairs:
        if word and not any(map(str.isspace, word)):
            seen.setdefault(word, vector)
        if len(seen) == most:
            break
    if not seen:
        raise WrongUse(f"{path} holds no word vectors; expected a word and its numbers a line")
    vectors = np.stack(list(seen.values())).astype(np.float32)
    vectors.setflags(write=False)  # one array for all who read the file
    return WordVectors(tuple(seen), vectors)


def _from_text(path: Path, first: bytes) -> Iterator[tuple[str, np.ndarray]]:
    import numpy as np

    header = _header(first)
    length = header[1] if header else len(first.split()) - 1
    if length < 1:
        raise WrongUse(
            f"{path} line 1: a word and its numbers are expected, got {first[:60].decode(errors='replace')!r}; name a file of "
            "word vectors, such as GloVe or word2vec"
        )
    with _opened(path) as file:
        for number, line in enumerate(file, start=1):
            if (header and number == 1) or not line.strip():
                continue
            cells = line.rstrip().rsplit(b" " if b" " in line else None, length)
            if len(cells) != length + 1:
                raise WrongUse(
                    f"{path} line {number}: {len(cells) - 1} numbers where others have {length}; mend that line"
                )
            try:
                vector = np.array([float(cell) for cell in cells[1:]], dtype=np.float32)
            except ValueError:
                raise WrongUse(
                    f"{path} line {number}: {length} numbers after a word are expected, as in the first line; mend that line"
                ) from None
            if not np.isfinite(vector).all():
                raise WrongUse(f"{path} line {number}: a number is not finite; mend that line")
            yield cells[0].decode("utf-8", "replace").strip(), vector


def _from_binary(path: Path, first: bytes) -> Iterator[tuple[str, np.ndarray]]:
    import numpy as np

    count, length = _header(first) or (0, 0)
    if not 0 < length <= _LONGEST_VECTOR:
        raise WrongUse(f"{path} says that a word has {length} numbers; expected 1 to {_LONGEST_VECTOR}")
    with _opened(path) as file:
        file.readline()
        for number in range(1, count + 1):
            word = _word(file)
            numbers = file.read(4 * length)
            if word is None or len(numbers) < 4 * length:
                raise Failed(f"{path} ends in word {number} of {count}; get it again")
            vector = np.frombuffer(numbers, dtype="<f4")
            if not np.isfinite(vector).all():
                raise WrongUse(f"{path} word {number}: a number is not finite; is it a word2vec file?")
            yield word.decode("utf-8", "replace").strip(), vector


def _word(file: IO[bytes]) -> bytes | None:
    """The bytes up to the next space; None where there is none."""
    word = bytearray()
    while (sign := file.read(1)) not in (b" ", b""):
        word += sign
        if len(word) > _LONGEST_WORD:
            return None
    return bytes(word) if sign else None


def _from_safetensors(path: Path, most: int) -> Iterator[tuple[str, np.ndarray]]:
    import numpy as np

    matrices = {name: shape for name, shape in weight_file.shapes(path).items() if len(shape) == 2}
    if len(matrices) != 1:
        raise WrongUse(f"{path} holds {len(matrices)} matrices; expected one, of word vectors")
    beside = _words_beside(path)
    if not beside:
        raise WrongUse(
            f"{path} holds vectors but no words; put them into words.txt beside it, the word of row i in line i"
        )
    words = beside[0].read_text(encoding="utf-8").split("\n")
    words = words[:-1] if words[-1] == "" else words
    ((name, (rows, _)),) = matrices.items()
    if len(words) != rows:
        raise WrongUse(f"{beside[0]} has {len(words)} lines, {path.name} {rows} rows; each row needs its word")
    vectors = weight_file.tensors(path)[name].float().numpy()[:most]
    for number, (word, vector) in enumerate(zip(words, vectors, strict=False), start=1):
        if not np.isfinite(vector).all():
            raise WrongUse(f"{path} row {number} ({word!r}): a number is not finite")
        yield word.strip(), vector


def _words_beside(path: Path) -> list[Path]:
    if path.suffix != ".safetensors":
        return []
    return [beside for beside in (path.with_suffix(".words.txt"), path.with_name("words.txt")) if beside.is_file()][:1]


def _is_binary(path: Path, first: bytes) -> bool:
    """Whether control characters come after the header: raw numbers are full of them, text has none but white space."""
    if _header(first) is None:
        return False
    with _opened(path) as file:
        file.readline()
        return any(byte < 32 and byte not in b"\t\r\n\f\v" for byte in file.read(_LOOKED_AT))


def _header(line: bytes) -> tuple[int, int] | None:
    """Number of words and of dimensions, where this is word2vec's first line."""
    cells = line.split()
    if len(cells) != 2 or not all(cell.isdigit() for cell in cells):
        return None
    return int(cells[0]), int(cells[1])


def _opened(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]
