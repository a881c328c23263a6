"""The tokenizer of a checkpoint, from whatever files it is in: tokenizer.json, vocab.txt, merges, a sentencepiece model.

Transformers reads them all and converts the older ones where it can; nothing a checkpoint brings is ever run.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from transferkit.core.errors import Failed
from transferkit.sources.processors.tokens import TokenProcessor, packed

if TYPE_CHECKING:
    from transferkit.sources.hub import Checkpoint

FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
    "spm.model",
)
LONGEST = 512
"""Tokens read of a text, also by networks that could read more: what a network needs for a text grows with its square."""
_TAKEN_POSITIONS = frozenset({"roberta", "xlm-roberta", "camembert", "mpnet"})
"""Families whose first positions, up to the padding token's number, are never used."""


def token_processor(
    checkpoint: Checkpoint, config: Any, max_length: int | None = None, **settings: Any
) -> TokenProcessor:
    """The processor of a checkpoint. `max_length`: None, as much as tokenizer and network take, at most `LONGEST`."""
    from transformers import AutoTokenizer

    for file in FILES:
        if checkpoint.has(file):
            checkpoint.fetch(file)
    pieces = next((file for file in FILES if file.endswith(".model") and checkpoint.has(file)), None)
    if pieces and not checkpoint.has("tokenizer.json") and find_spec("sentencepiece") is None:
        raise Failed(
            f"the tokenizer of {checkpoint.source} is a sentencepiece model ({pieces}), which another library reads: "
            "pip install 'transferkit[text]'"
        )
    try:
        tokenizer = AutoTokenizer.from_pretrained(checkpoint.folder, local_files_only=True, trust_remote_code=False)
        content = tokenizer.backend_tokenizer.to_str()
    except Exception as reason:  # a stranger's files may be broken in any way
        why = (str(reason).strip() or type(reason).__name__).splitlines()[0]
        raise Failed(f"the tokenizer of {checkpoint.source} cannot be read: {why}") from None
    if tokenizer.backend_tokenizer.get_vocab_size() <= len(tokenizer.all_special_tokens):
        raise Failed(  # the library makes a tokenizer without words of whatever it does not find
            f"the tokenizer of {checkpoint.source} cannot be read: it knows no words; there should be a tokenizer.json, or the "
            f"vocabulary files of a {config.model_type} model"
        )
    n_words = tokenizer.backend_tokenizer.get_vocab_size(with_added_tokens=False)
    if n_words > config.vocab_size:
        raise Failed(
            f"{checkpoint.source} mixes two models: its tokenizer knows {n_words} tokens, its network {config.vocab_size}"
        )
    lengths = (max_length, tokenizer.model_max_length, _positions(config), None if max_length else LONGEST)
    padding = (tokenizer.pad_token_id, getattr(config, "pad_token_id", None), tokenizer.eos_token_id, 0)
    return TokenProcessor(
        tokenizer=packed(content),
        max_length=int(min(length for length in lengths if length)),
        pad=int(next(number for number in padding if number is not None)),
        **settings,
    )


def _positions(config: Any) -> int | None:
    """How many tokens a network has positions for; None: any number, or it does not say."""
    positions: int | None = getattr(config, "max_position_embeddings", None)
    if positions and config.model_type in _TAKEN_POSITIONS:
        return positions - (config.pad_token_id or 0) - 1
    return positions
