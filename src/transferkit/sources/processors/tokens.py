"""TokenProcessor: texts -> the numbers of their tokens, with the tokenizer a text network was trained with.

The whole tokenizer (vocabulary, rules, special tokens; the `tokenizer.json` of the `tokenizers` library) is part of the
processor's description, packed: so a saved predictor needs nothing of the source it came from.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, final

from transferkit.core.errors import Failed, WrongUse
from transferkit.core.source import Processor
from transferkit.sources.processors import check_settings

if TYPE_CHECKING:
    from torch import Tensor


@final
@dataclass(frozen=True, kw_only=True)
class TokenProcessor(Processor):
    """Texts -> (tokens, mask): int32 (n, max_length) padded on the right, and bool of the same shape, True for tokens.

    What is longer than `max_length` tokens is cut off at the end. An empty text is one token of padding that counts, so
    that no text is without any.
    """

    modality = "text"

    tokenizer: str = field(repr=False)
    """As `packed` makes it of a tokenizer.json."""
    max_length: int
    """Tokens, special ones included."""
    pad: int = 0
    """Number of the token that fills up."""
    prefix: str = ""
    """Put before every text; some encoders were trained with one."""
    lower: bool = False
    """Bring texts to lower case first."""

    def __post_init__(self) -> None:
        if self.max_length < 1:
            raise WrongUse(f"token processor: max_length {self.max_length} has to be at least 1")
        _opened(self.tokenizer, self.max_length)

    def __call__(self, items: Sequence[Any]) -> tuple[Tensor, Tensor]:
        """Texts -> tokens and mask, both (n, max_length)."""
        import torch

        tokens = torch.full((len(items), self.max_length), self.pad, dtype=torch.int32)
        mask = torch.zeros((len(items), self.max_length), dtype=torch.bool)
        mask[:, 0] = True
        for i, encoding in enumerate(self._encoded(items)):
            ids = encoding.ids
            tokens[i, : len(ids)] = torch.tensor(ids, dtype=torch.int32)
            mask[i, : len(ids)] = True
        return tokens, mask

    def lengths(self, items: Sequence[Any]) -> Sequence[int]:
        """Characters: near enough to tokens to put like with like, and much cheaper."""
        return [len(_text(item)) for item in items]

    def notes(self, items: Sequence[Any]) -> tuple[str, ...]:
        """How many texts are cut off."""
        # to look at short texts is not worth the while; a byte seldom makes a token, and not even ligatures make two
        maybe = [item for item in items if 2 * len((self.prefix + _text(item)).encode()) > self.max_length]
        n_cut = sum(bool(encoding.overflowing) for encoding in self._encoded(maybe))
        if not n_cut:
            return ()
        share = f"{n_cut} of {len(items)} texts ({100 * n_cut / len(items):.0f} %)"
        return (
            f"{share} are longer than the {self.max_length} tokens that the network reads; the rest of them is cut off",
        )

    def describe(self) -> dict[str, Any]:
        """JSON-able settings, the packed tokenizer among them; `build` makes an equal processor of them."""
        return {"kind": "tokens", **asdict(self)}

    def _encoded(self, items: Sequence[Any]) -> Sequence[Any]:
        texts = [self.prefix + (_text(item).lower() if self.lower else _text(item)) for item in items]
        encoded: Sequence[Any] = _opened(self.tokenizer, self.max_length).encode_batch_fast(texts)
        return encoded


@lru_cache(maxsize=8)
def packed(tokenizer_json: str) -> str:
    """A tokenizer.json at about half its length, without the padding and truncation somebody last used."""
    content = json.loads(tokenizer_json) | {"truncation": None, "padding": None}
    plain = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return base64.b85encode(zlib.compress(plain.encode(), 6)).decode()


def of(settings: Mapping[str, Any]) -> TokenProcessor:
    """The processor of these settings."""
    check_settings(settings, TokenProcessor, "a token processor")
    return TokenProcessor(**settings)


def _text(item: Any) -> str:
    if not isinstance(item, str):
        raise WrongUse(f"a text network takes texts (str), got {type(item).__name__}")
    # white space around it says nothing, and a text read from data has none; half a surrogate pair is no text, and the
    # tokenizer refuses it
    return item.strip().encode("utf-8", "replace").decode()


@lru_cache(maxsize=8)
def _opened(tokenizer: str, max_length: int) -> Any:
    """The tokenizer, set to cut off; it is only read from then on, so that several threads may use it."""
    from tokenizers import Tokenizer

    try:
        opened = Tokenizer.from_str(zlib.decompress(base64.b85decode(tokenizer)).decode())
        opened.enable_truncation(max_length)
    except Exception as reason:  # the library raises bare exceptions
        raise Failed(f"the tokenizer cannot be rebuilt: {(str(reason) or repr(reason)).splitlines()[0]}") from None
    return opened
