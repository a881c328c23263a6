"""HearAndWrite: the processor of a network that hears and writes - what turns sounds into its input, and how it spells texts.

The whole tokenizer is part of the description, packed, so that a saved predictor needs nothing of the source it came from.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self, final

from transferkit.core.errors import Failed
from transferkit.core.source import Processor, Words
from transferkit.sources.processors import build, check_settings

if TYPE_CHECKING:
    from transferkit.core.network import State


@final
@dataclass(frozen=True, kw_only=True)
class HearAndWrite(Processor):
    """Sounds -> what the network hears; `spelling` says how it spells what it writes."""

    modality = "audio"

    hears: str
    """Canonical JSON of the description of the processor of sounds."""
    tokenizer: str = field(repr=False)
    """As `tokens.packed` makes it of a tokenizer.json."""
    end: int
    """Number of the token that ends a text."""
    prefix: str = ""
    """Put before every text that is learned; some networks begin a text with a space."""

    def __post_init__(self) -> None:
        _opened(self.tokenizer)

    @classmethod
    def of(cls, hears: Processor, **settings: Any) -> Self:
        """Around a processor of sounds."""
        return cls(hears=json.dumps(hears.describe(), sort_keys=True), **settings)

    @property
    def _hears(self) -> Processor:
        return build(json.loads(self.hears))

    @property
    def spelling(self) -> Words:
        """The network's tokenizer."""
        return _Tokens(self)

    def __call__(self, items: Sequence[Any]) -> State:
        """Sounds -> what the network hears."""
        return self._hears(items)

    def whole(self, items: Sequence[Any]) -> HearAndWrite:
        """The same for sounds as long as these, where the network hears sounds of any length."""
        return replace(self, hears=json.dumps(self._hears.whole(items).describe(), sort_keys=True))

    def lengths(self, items: Sequence[Any]) -> Sequence[int] | None:
        """As of what is heard."""
        return self._hears.lengths(items)

    def notes(self, items: Sequence[Any]) -> tuple[str, ...]:
        """As of what is heard."""
        return self._hears.notes(items)

    def describe(self) -> dict[str, Any]:
        """JSON-able settings, the packed tokenizer among them; `build` makes an equal processor of them."""
        return {"kind": "hear_and_write", **asdict(self)}


@final
@dataclass(frozen=True)
class _Tokens(Words):
    """Texts as the tokens of a HearAndWrite."""

    of: HearAndWrite

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        tokenizer = _opened(self.of.tokenizer)
        spelled = [self.of.prefix + text for text in texts]
        return [[*encoding.ids, self.of.end] for encoding in tokenizer.encode_batch(spelled, add_special_tokens=False)]

    def decode(self, tokens: Sequence[Sequence[int]]) -> list[str]:
        tokenizer, end = _opened(self.of.tokenizer), self.of.end
        upto = [row[: row.index(end)] if end in row else row for row in map(list, tokens)]
        texts: list[str] = tokenizer.decode_batch(upto, skip_special_tokens=True)
        return texts


def of(settings: Mapping[str, Any]) -> HearAndWrite:
    """The processor of these settings."""
    check_settings(settings, HearAndWrite, "a processor that hears and writes")
    return HearAndWrite(**settings)


@lru_cache(maxsize=4)
def _opened(tokenizer: str) -> Any:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_str(zlib.decompress(base64.b85decode(tokenizer)).decode())
    except Exception as reason:  # the library raises bare exceptions
        raise Failed(f"the tokenizer cannot be rebuilt: {(str(reason) or repr(reason)).splitlines()[0]}") from None
