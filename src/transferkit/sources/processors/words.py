"""WordProcessor: texts -> numbers of their words in a vocabulary, for networks on word vectors.

A text is brought to Unicode's composed form (NFC) and cut into: single characters of Chinese and Japanese; runs of letters and
digits, with the apostrophes and hyphens inside them; what follows an apostrophe on its own ('s); and every other visible
character by itself. A word that the vocabulary lacks is looked up in lower case, then in parts, as far as these are known:
"don't" as "do n't" (the way of the Penn Treebank), "well-made" as "well" and "made". What is still missing is the unknown word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from transferkit.core.errors import WrongUse
from transferkit.core.source import Processor
from transferkit.sources.processors import check_settings

if TYPE_CHECKING:
    from torch import Tensor

PADDING, UNKNOWN = 0, 1
"""Numbers no word of the vocabulary has; word i of it has number i + `FIRST`."""
FIRST = 2
_CHARACTERS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_TOKEN = re.compile(
    rf"[{_CHARACTERS}]|[^\W{_CHARACTERS}]+(?:['\u2019-][^\W{_CHARACTERS}]+)*|['\u2019][^\W{_CHARACTERS}]+|[^\w\s]"
)
_PARTS = re.compile(r"[^\W']+(?=n't$)|n't$|'?[^\W']+|'")
WORTH_A_REMARK = 0.05
"""Share of unknown words from which on it is worth a remark."""


@dataclass(frozen=True, kw_only=True)
class WordProcessor(Processor):
    """Texts -> (numbers int64 (n, length), mask bool (n, length)); padding is 0 and False and stands last.

    >>> numbers, mask = WordProcessor(words=("a", "good", "film"), length=4)(["A good film", "bad"])
    >>> numbers.tolist(), mask.sum(1).tolist()
    ([[2, 3, 4, 0], [1, 0, 0, 0]], [3, 1])
    """

    modality: ClassVar[str] = "text"

    words: tuple[str, ...]
    lowercase: bool = True
    """True: texts are brought to lower case first."""
    length: int = 400
    """Words of a text that are read; what comes after is left off."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", tuple(self.words))  # a list, where the settings come from JSON
        if self.length < 1:
            raise WrongUse(f"word processor: length {self.length} must be at least 1")

    def __call__(self, items: Sequence[Any]) -> tuple[Tensor, Tensor]:
        """Texts -> numbers of words and mask; a text without words is one unknown word."""
        import torch

        numbers = torch.full((len(items), self.length), PADDING, dtype=torch.int64)
        for row, item in zip(numbers, items, strict=True):
            if not isinstance(item, str):
                raise WrongUse(f"a network on words takes texts, got {type(item).__name__}")
            found = self.numbers(item)[: self.length] or [UNKNOWN]
            row[: len(found)] = torch.tensor(found)
        return numbers, numbers != PADDING

    def numbers(self, text: str) -> list[int]:
        """The number of each word of a text."""
        return [number for word in tokens(text, self.lowercase) for number in self._looked_up(word)]

    def remarks(self, items: Sequence[Any]) -> tuple[str, ...]:
        """How many words of these texts, punctuation aside, are not in the vocabulary, where these are many."""
        words = [word for item in items for word in tokens(str(item), self.lowercase) if any(map(str.isalnum, word))]
        unknown = sum(self._looked_up(word) == [UNKNOWN] for word in words)
        share = unknown / max(1, len(words))
        return (f"{share:.0%} of the words are not in its vocabulary",) if share >= WORTH_A_REMARK else ()

    def describe(self) -> dict[str, Any]:
        """JSON-able settings, the vocabulary among them; `build` makes an equal processor of it."""
        return {"kind": "words", "words": list(self.words), "lowercase": self.lowercase, "length": self.length}

    @cached_property
    def _known(self) -> dict[str, int]:
        return {word: i + FIRST for i, word in reversed(list(enumerate(self.words)))}

    def _looked_up(self, word: str) -> list[int]:
        for spelled in (word, word.lower()):
            if spelled in self._known:
                return [self._known[spelled]]
        parts = _PARTS.findall(word.replace("\u2019", "'"))
        found = [self._known.get(part, self._known.get(part.lower(), UNKNOWN)) for part in parts if part != "'"]
        return found if len(found) > 1 and any(number != UNKNOWN for number in found) else [UNKNOWN]


def tokens(text: str, lowercase: bool = True) -> list[str]:
    """The words of a text, in order, as a `WordProcessor` cuts it.

    >>> tokens("It's well-made, 很好!")
    ["it's", 'well-made', ',', '很', '好', '!']
    """
    composed = unicodedata.normalize("NFC", text)
    return _TOKEN.findall(composed.lower() if lowercase else composed)


def vocabulary(texts: Iterable[str], most: int, least_count: int = 1) -> tuple[str, ...]:
    """The words of these texts in lower case, the most frequent first; equally frequent ones in alphabetic order.

    >>> vocabulary(["b a", "a c"], most=2)
    ('a', 'b')
    """
    counts: dict[str, int] = {}
    for text in texts:
        for word in tokens(text):
            counts[word] = counts.get(word, 0) + 1
    often = [word for word, count in counts.items() if count >= least_count]
    return tuple(sorted(often, key=lambda word: (-counts[word], word))[:most])


def of(settings: Mapping[str, Any]) -> WordProcessor:
    """The processor of these settings.

    >>> from transferkit.sources.processors import build
    >>> build(WordProcessor(words=("a",)).describe()) == WordProcessor(words=("a",))
    True
    """
    check_settings(settings, WordProcessor, "a word processor")
    if "words" not in settings:
        raise WrongUse("a word processor needs its words: the list of its vocabulary")
    return WordProcessor(**settings)
