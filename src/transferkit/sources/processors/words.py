"""WordProcessor: texts -> numbers of their words in a vocabulary, for networks on word vectors.

A text is brought to Unicode's composed form (NFC) and cut into: single characters of Chinese and Japanese; runs of letters and
digits, with the apostrophes and hyphens inside them; what follows an apostrophe on its own ('s); and every other visible
character by itself. A word that the vocabulary lacks is looked up in lower case, then in parts, as far as these are known:
"don't" as "do n't" (the way of the Penn Treebank), "well-made" as "well" and "made". What is still missing is the unknown word.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
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
"""Of scripts that put no space between words: kana and Han."""
_TOKEN = re.compile(
    rf"[{_CHARACTERS}]|[^\W{_CHARACTERS}]+(?:['\u2019-][^\W{_CHARACTERS}]+)*|['\u2019][^\W{_CHARACTERS}]+|[^\w\s]"
)
_PARTS = re.compile(r"[^\W']+(?=n't$)|n't$|'?[^\W']+|'")
"""Parts of a word that is unknown as a whole, a negation's n't and what follows an apostrophe among them."""
MOST_ADDED = 30_000
"""Words of a target's texts, the most frequent, that may be added to a vocabulary."""
WORTH_A_NOTE = 0.05
"""Share of missing words, or of texts that are cut, from which on it is worth a note."""


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
    n_own: int | None = None
    """How many of `words` are its own, the first ones; the others were added to it from a target's texts. None: all."""

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

    def grown(self, items: Sequence[Any]) -> WordProcessor:
        """The same with the words of these texts that it does not know added behind its own."""
        more = [word for word in vocabulary(items, MOST_ADDED, self.lowercase) if self._looked_up(word) == [UNKNOWN]]
        if not more:
            return self
        own = len(self.words) if self.n_own is None else self.n_own
        return replace(self, words=(*self.words, *more), n_own=own)

    def notes(self, items: Sequence[Any]) -> tuple[str, ...]:
        """How many words of these texts, punctuation aside, it did not bring along, and how many texts are cut: where many."""
        cut = [tokens(str(item), self.lowercase) for item in items]
        words = [word for found in cut for word in found if any(map(str.isalnum, word))]
        own = FIRST + (len(self.words) if self.n_own is None else self.n_own)
        missing = sum(all(number == UNKNOWN or number >= own for number in self._looked_up(word)) for word in words)
        share = missing / max(1, len(words))
        told = [f"{share:.0%} of the words are not in its vocabulary"] if share >= WORTH_A_NOTE else []
        longer = sum(len(found) > self.length for found in cut)
        if longer >= max(1.0, WORTH_A_NOTE * len(cut)):
            told.append(f"{longer} of {len(cut)} texts have more than {self.length} words, and only the first are read")
        return tuple(told)

    def describe(self) -> dict[str, Any]:
        """JSON-able settings, the vocabulary among them; `build` makes an equal processor of it."""
        return {
            "kind": "words",
            "words": list(self.words),
            "lowercase": self.lowercase,
            "length": self.length,
            "n_own": self.n_own,
        }

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


def vocabulary(texts: Iterable[str], most: int, lowercase: bool = True) -> tuple[str, ...]:
    """The words of these texts, the most frequent first; equally frequent ones in the order of their letters.

    >>> vocabulary(["b a", "a c"], most=2)
    ('a', 'b')
    """
    counts = Counter(word for text in texts for word in tokens(text, lowercase))
    return tuple(sorted(counts, key=lambda word: (-counts[word], word))[:most])


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
