"""WordEmbedding: numbers of words -> their vectors, the first stage of every network on word vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, final

import torch
from torch import Tensor, nn

from transferkit.core.architecture import Architecture
from transferkit.core.network import Network
from transferkit.core.source import Processor
from transferkit.sources import architectures

if TYPE_CHECKING:
    from transferkit.sources.processors.words import WordProcessor

SPREAD = 0.1
"""Standard deviation of vectors that nobody has learned yet."""
_RESERVED = 2
"""Rows before the first word: padding and the unknown word (`sources/processors/words.py`)."""


@final
class WordEmbedding(nn.Embedding):
    """Columns that are padding in the whole batch are left off; so a short batch is quick, and no result changes by it.

    Padding and the unknown word start as zeros; only the latter ever learns.
    """

    def __init__(self, n_words: int, word_dim: int) -> None:
        super().__init__(n_words + _RESERVED, word_dim, padding_idx=0)
        nn.init.normal_(self.weight, std=SPREAD)
        nn.init.zeros_(self.weight[:_RESERVED])

    def forward(self, words: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """Numbers (n, length) and mask (n, length) -> vectors (n, t, word_dim) and mask (n, t), t the longest text."""
        numbers, mask = words
        longest = max(1, int(mask.sum(1).max()))
        return super().forward(numbers[:, :longest]), mask[:, :longest]


def grown_architecture(architecture: Architecture, processor: Processor) -> Architecture:
    """The same network's architecture, for a processor that has more words behind its own."""
    n_words = len(cast("WordProcessor", processor).words)
    return Architecture.of(architecture.kind, architecture.arguments() | {"n_words": n_words})


def grown(network: Network, processor: Processor) -> Network:
    """The same network for a processor that has more words behind its own; those start as the unknown word does, as zeros."""
    new = architectures.build(grown_architecture(network.architecture, processor))
    state = network.state_dict()
    name = next(name for name, module in new.named_modules() if isinstance(module, WordEmbedding)) + ".weight"
    more = new.state_dict()[name].shape[0] - state[name].shape[0]
    state[name] = torch.cat([state[name], torch.zeros(more, state[name].shape[1])])
    new.load_state_dict(state)
    return new
