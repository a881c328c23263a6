"""Tabular MLP: a residual network for rows of a table, which begins as a linear model of its columns. Ours.

After Gorishniy, Rubachev, Khrulkov & Babenko 2021 (arXiv:2106.11959), whose plain residual network is hard to beat on tables.
Every column adds its own vector to one sum: a number times a learned direction, a vector for "missing", a vector for each word.
So a column that the network has never seen can be added with a vector of zeros, and nothing it has learned changes (`grown`).
Each block starts as the identity, so that a few rows train it from scratch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.network import Network, State

if TYPE_CHECKING:
    from transferkit.core.source import Processor
    from transferkit.sources.processors.columns import ColumnsProcessor

DROPOUT = 0.5
"""Rows are few and columns many: measured on four tables with 60 labels, 0.1 to 0.7; 0.5 was best or near it on each."""


def build(
    n_numbers: int, words: list[int], width: int = 64, blocks: int = 2, n_classes: int | None = None
) -> TabularMLP:
    """A fresh network for `n_numbers` numbers and columns of so many `words` each: stages columns, block1, ...

    Without blocks it stays a linear model of its columns.

    >>> build(n_numbers=3, words=[5, 4]).stages
    ('columns', 'block1', 'block2')
    """
    if n_numbers + len(words) < 1 or min([n_numbers, *words]) < 0 or width < 1 or blocks < 0:
        raise WrongUse(
            f"tabular_mlp with {n_numbers} numbers, {len(words)} columns of words, width {width} and {blocks} blocks cannot be "
            "built; it needs a column and a width"
        )
    return TabularMLP(n_numbers, list(words), width, blocks, n_classes)


def architecture_for(processor: ColumnsProcessor, width: int = 64, blocks: int = 2) -> Architecture:
    """The architecture that takes what this processor gives."""
    settings = {
        "n_numbers": sum(column.width for column in processor.numbers),
        "words": [column.n_positions for column in processor.categories],
        "width": width,
        "blocks": blocks,
        "n_classes": None,
    }
    return Architecture.of("tabular_mlp", settings)


def grown_architecture(architecture: Architecture, processor: Processor) -> Architecture:
    """The same network's architecture, for a processor that has more columns behind its own."""
    settings = architecture.arguments()
    wider = architecture_for(cast("ColumnsProcessor", processor), settings["width"], settings["blocks"])
    return Architecture.of("tabular_mlp", wider.arguments() | {"n_classes": settings["n_classes"]})


def grown(network: Network, processor: Processor) -> Network:
    """The same network for a processor that has more words and columns behind its own; it says the same as before.

    A new column gets vectors of zeros, a new word the vector of an unknown one.
    """
    old, settings = cast(TabularMLP, network), network.architecture.arguments()
    architecture = grown_architecture(network.architecture, processor)
    new = build(**architecture.arguments())
    new.architecture = architecture
    n_old, n_words = settings["n_numbers"], len(settings["words"])
    with torch.no_grad():
        for parameter in new.columns.parameters():
            parameter.zero_()
        new.columns.bias.copy_(old.columns.bias)
        new.columns.slopes[:n_old] = old.columns.slopes
        new.columns.absences[:n_old] = old.columns.absences
        for mine, theirs in zip(new.columns.tables[:n_words], old.columns.tables, strict=True):
            known = cast(nn.Embedding, theirs).weight
            cast(nn.Embedding, mine).weight.copy_(known[:1])  # a new word says what an unknown one said
            cast(nn.Embedding, mine).weight[: len(known)] = known
    new.blocks.load_state_dict(old.blocks.state_dict())
    if old.head is not None and new.head is not None:
        new.head.load_state_dict(old.head.state_dict())
    return new.eval()


@final
class TabularMLP(Network):
    """Columns, then residual blocks; features (n, width)."""

    def __init__(self, n_numbers: int, words: list[int], width: int, blocks: int, n_classes: int | None) -> None:
        super().__init__()
        settings = {"n_numbers": n_numbers, "words": words, "width": width, "blocks": blocks, "n_classes": n_classes}
        self.architecture = Architecture.of("tabular_mlp", settings)
        self.stages = ("columns", *(f"block{i}" for i in range(1, blocks + 1)))
        self.feature_dim = width
        self.columns = Columns(n_numbers, words, width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(blocks))
        self.head = nn.Linear(width, n_classes) if n_classes else None

    def run(self, state: State, start: int = 0, stop: int | None = None) -> State:
        """Take the state at position `start` to position `stop` (default: the features)."""
        for name in self.stages[start:stop]:
            state = self.stage(name)(state)
        return state

    def stage(self, name: str) -> nn.Module:
        """The module of one stage."""
        return self.columns if name == "columns" else self.blocks[self.stages.index(name) - 1]


@final
class Columns(nn.Module):
    """The sum of what each column says."""

    def __init__(self, n_numbers: int, words: list[int], width: int) -> None:
        super().__init__()
        scale = (n_numbers + len(words)) ** -0.5
        self.slopes = nn.Parameter(scale * torch.randn(n_numbers, width))
        self.absences = nn.Parameter(torch.zeros(n_numbers, width))
        self.bias = nn.Parameter(torch.zeros(width))
        self.tables = nn.ModuleList(nn.Embedding(n_positions, width) for n_positions in words)
        for table in self.tables:
            weight = cast(nn.Embedding, table).weight
            nn.init.normal_(weight, std=scale)
            nn.init.zeros_(weight[:2])  # a word not known, and no word, say nothing at first

    def forward(self, state: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """Numbers (n, k), what of them is there (n, k), words (n, c) -> (n, width)."""
        numbers, there, words = state
        total: Tensor = self.bias + numbers @ self.slopes + (1 - there) @ self.absences  # (n, width)
        for i, table in enumerate(self.tables):
            total = total + table(words[:, i])
        return total


@final
class Block(nn.Module):
    """Beside a shortcut: norm, wider layer, GELU, dropout, layer."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.wide = nn.Linear(width, 2 * width)
        self.dropout = nn.Dropout(DROPOUT)
        self.narrow = nn.Linear(2 * width, width)
        nn.init.zeros_(self.narrow.weight)
        nn.init.zeros_(self.narrow.bias)

    def forward(self, features: Tensor) -> Tensor:
        """(n, width) -> (n, width)."""
        inside = self.dropout(functional.gelu(self.wide(self.norm(features))))
        added: Tensor = features + self.narrow(inside)
        return added
