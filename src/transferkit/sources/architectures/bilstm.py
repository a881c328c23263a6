"""BiLSTM: one LSTM reads a text forwards, one backwards; mean and maximum of their states over the words.

Graves & Schmidhuber 2005; maximum over time as in Conneau et al. 2017, arXiv:1705.02364, with the mean beside it.
"""

from __future__ import annotations

from typing import final

from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from transferkit.core.architecture import Architecture
from transferkit.core.network import Network
from transferkit.sources.architectures._chain import Chain
from transferkit.sources.architectures._pooling import pool
from transferkit.sources.architectures._word_embedding import WordEmbedding, grown, grown_architecture

__all__ = ["build", "grown", "grown_architecture"]


def build(n_words: int, word_dim: int = 100, width: int = 64, dropout: float = 0.3) -> Network:
    """A fresh network: embedding, bilstm; features (n, 4 * width). `width`: of each direction's state."""
    settings = {"n_words": n_words, "word_dim": word_dim, "width": width, "dropout": dropout}
    stages = {"embedding": WordEmbedding(n_words, word_dim), "bilstm": BothWays(word_dim, width, dropout)}
    return Chain(Architecture.of("bilstm", settings), stages, 4 * width)


@final
class BothWays(nn.Module):
    """An LSTM in each direction that never sees padding."""

    def __init__(self, word_dim: int, width: int, dropout: float) -> None:
        super().__init__()
        self.lstm = nn.LSTM(word_dim, width, batch_first=True, bidirectional=True)
        self.before, self.after = nn.Dropout(dropout), nn.Dropout(dropout)

    def forward(self, state: tuple[Tensor, Tensor]) -> Tensor:
        """Vectors (n, t, word_dim), mask (n, t) -> (n, 4 * width)."""
        vectors, mask = state
        lengths = mask.sum(1).cpu()
        packed = pack_padded_sequence(self.before(vectors), lengths, batch_first=True, enforce_sorted=False)
        hidden, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=mask.shape[1])
        pooled: Tensor = self.after(pool(("mean", "max"), hidden, mask))
        return pooled
