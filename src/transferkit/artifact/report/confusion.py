"""Confusion: which class is taken for which - a heat table up to 20 classes, the most confused pairs beyond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_CLASSES = 20
MOST_PAIRS = 20


@dataclass(frozen=True)
class Cell:
    """One count of the table."""

    count: int
    share: float
    """Of the items of its true class, 0 to 1."""
    right: bool
    label: str


@dataclass(frozen=True)
class ConfusionRow:
    """All items of one true class."""

    truth: str
    cells: tuple[Cell, ...]
    total: int
    share_right: float


@dataclass(frozen=True)
class Pair:
    """A class taken for another."""

    truth: str
    predicted: str
    count: int
    share: float


@dataclass(frozen=True)
class Confusion:
    """`rows` up to 20 classes, else `pairs`, the most frequent first."""

    classes: tuple[str, ...]
    rows: tuple[ConfusionRow, ...]
    pairs: tuple[Pair, ...]
    n_items: int
    n_wrong: int


def confusion_of(matrix: Sequence[Sequence[int]] | None, classes: Sequence[str]) -> Confusion | None:
    """What to show of a confusion matrix (row: truth, column: prediction); None where there is none.

    >>> confusion_of([[8, 2], [0, 10]], ["cat", "dog"]).n_wrong
    2
    """
    if not matrix:
        return None
    names = [str(classes[i]) if i < len(classes) else f"class {i}" for i in range(len(matrix))]
    n_items = sum(map(sum, matrix))
    n_wrong = n_items - sum(row[i] for i, row in enumerate(matrix))
    rows = tuple(_row(i, row, names) for i, row in enumerate(matrix)) if len(matrix) <= MOST_CLASSES else ()
    pairs = () if rows else _pairs(matrix, names)
    return Confusion(tuple(names), rows, pairs, n_items, n_wrong)


def _row(truth: int, counts: Sequence[int], names: Sequence[str]) -> ConfusionRow:
    total = sum(counts)
    cells = tuple(
        Cell(
            count=count,
            share=count / total if total else 0.0,
            right=truth == predicted,
            label=f"{count} of {total} {names[truth]} called {names[predicted]}",
        )
        for predicted, count in enumerate(counts)
    )
    return ConfusionRow(names[truth], cells, total, cells[truth].share)


def _pairs(matrix: Sequence[Sequence[int]], names: Sequence[str]) -> tuple[Pair, ...]:
    found = [
        Pair(names[i], names[j], count, count / max(1, sum(row)))
        for i, row in enumerate(matrix)
        for j, count in enumerate(row)
        if i != j and count
    ]
    return tuple(sorted(found, key=lambda pair: (-pair.count, -pair.share, pair.truth, pair.predicted))[:MOST_PAIRS])
