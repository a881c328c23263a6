"""Word bag: mean and maximum of a text's word vectors. No order, no weights but the vectors; hard to beat on few labels.

Shen et al. 2018, arXiv:1805.09843 (SWEM-concat).
"""

from __future__ import annotations

from typing import final

from torch import Tensor, nn

from transferkit.core.architecture import Architecture
from transferkit.core.network import Network
from transferkit.sources.architectures._chain import Chain
from transferkit.sources.architectures._pooling import pool
from transferkit.sources.architectures._word_embedding import WordEmbedding, grown, grown_architecture

__all__ = ["build", "grown", "grown_architecture"]


def build(n_words: int, word_dim: int = 100) -> Network:
    """A fresh network: embedding, bag; features (n, 2 * word_dim)."""
    stages = {"embedding": WordEmbedding(n_words, word_dim), "bag": Bag()}
    return Chain(Architecture.of("word_bag", {"n_words": n_words, "word_dim": word_dim}), stages, 2 * word_dim)


@final
class Bag(nn.Module):
    """The mean of each dimension over the words of a text, then the maximum."""

    def forward(self, state: tuple[Tensor, Tensor]) -> Tensor:
        """Vectors (n, t, d), mask (n, t) -> (n, 2d)."""
        return pool(("mean", "max"), *state)
