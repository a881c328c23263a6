"""Text CNN: convolutions over 3, 4 and 5 words in a row, the maximum of each over the text.

Kim 2014, arXiv:1408.5882. Differs: a text shorter than a convolution is laid between zeros, as every text is, so that the
words at its ends are read like the others; rates of AdamW stand for the bound on the last layer's norm.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.network import Network
from transferkit.sources.architectures._chain import Chain
from transferkit.sources.architectures._word_embedding import WordEmbedding, grown, grown_architecture

__all__ = ["build", "grown", "grown_architecture"]


def build(
    n_words: int, word_dim: int = 100, widths: Sequence[int] = (3, 4, 5), maps: int = 100, dropout: float = 0.5
) -> Network:
    """A fresh network: embedding, convolutions; features (n, maps * number of widths)."""
    if not widths or min(widths) < 1:
        raise WrongUse(
            f"text_cnn has no convolutions of widths {list(widths)}; they are numbers of words, such as 3, 4, 5"
        )
    settings = {"n_words": n_words, "word_dim": word_dim, "widths": list(widths), "maps": maps, "dropout": dropout}
    stages = {
        "embedding": WordEmbedding(n_words, word_dim),
        "convolutions": Convolutions(word_dim, widths, maps, dropout),
    }
    return Chain(Architecture.of("text_cnn", settings), stages, maps * len(widths))


@final
class Convolutions(nn.Module):
    """Several words at a time, and where in the text they say most."""

    def __init__(self, word_dim: int, widths: Sequence[int], maps: int, dropout: float) -> None:
        super().__init__()
        self.widths = tuple(widths)
        self.convolutions = nn.ModuleList(nn.Conv1d(word_dim, maps, width, padding=width - 1) for width in widths)
        self.dropout = nn.Dropout(dropout)

    def forward(self, state: tuple[Tensor, Tensor]) -> Tensor:
        """Vectors (n, t, word_dim), mask (n, t) -> (n, maps * number of widths)."""
        vectors, mask = state
        rows = vectors.transpose(1, 2)  # (n, word_dim, t)
        lengths = mask.sum(1)
        found = []
        for width, convolution in zip(self.widths, self.convolutions, strict=True):
            maps = torch.relu(convolution(rows))  # (n, maps, t + width - 1)
            reached = lengths + width - 1
            beyond = torch.arange(maps.shape[2], device=maps.device) >= reached[:, None]  # (n, t + width - 1)
            found.append(maps.masked_fill(beyond[:, None], 0).amax(2))
        pooled: Tensor = self.dropout(torch.cat(found, dim=1))
        return pooled
