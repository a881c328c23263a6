"""CellsProcessor: the cells of named columns as they are, for models that have their own way with tables.

A tensor holds no words, so a word travels as its UTF-8 bytes; the network makes the table of both that its model was fitted on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, final

from transferkit.core.cells import number, word
from transferkit.core.errors import WrongUse
from transferkit.core.source import Processor
from transferkit.sources.processors import check_settings

if TYPE_CHECKING:
    from torch import Tensor

LONGEST = 64
"""Bytes of a word; categories are shorter."""


@final
@dataclass(frozen=True, kw_only=True)
class CellsProcessor(Processor):
    """Rows -> (numbers (n, k) float32 with NaN where there is none, words (n, k, 64) uint8).

    >>> numbers, words = CellsProcessor(names=("age", "sex"), count=2)([{"sex": "f", "age": 63}])
    >>> numbers.tolist(), bytes(words[0, 1].tolist()).rstrip(bytes(1)).decode()
    ([[63.0, nan]], 'f')
    """

    modality: ClassVar[str] = "tabular"
    names: tuple[str, ...] | None
    """None: the first `count` columns of a row, whatever they are called."""
    count: int

    def __post_init__(self) -> None:
        if self.names is not None:
            object.__setattr__(self, "names", tuple(self.names))  # a list, where the settings come from JSON

    def __call__(self, items: Sequence[Any]) -> tuple[Tensor, Tensor]:
        import numpy as np
        import torch

        numbers = np.full((len(items), self.count), np.nan, dtype=np.float32)
        words = np.zeros((len(items), self.count, LONGEST), dtype=np.uint8)
        for i, item in enumerate(items):
            for j, cell in enumerate(self._cells(item)):
                value = number(cell)
                if value is not None:
                    numbers[i, j] = value
                elif (said := word(cell)) is not None:
                    written = said.encode()[:LONGEST]
                    words[i, j, : len(written)] = np.frombuffer(written, dtype=np.uint8)
        return torch.from_numpy(numbers), torch.from_numpy(words)

    def _cells(self, item: Any) -> list[Any]:
        if not isinstance(item, Mapping):
            raise WrongUse(f"a model of tables takes rows such as {{'age': 63}}, got {type(item).__name__}")
        if self.names is not None:
            absent = [name for name in self.names if name not in item]
            if absent:
                known = ", ".join(map(repr, list(item)[:20]))
                raise WrongUse(f"the model was fitted with a column {absent[0]!r}, which is not among {known}")
            return [item[name] for name in self.names]
        if len(item) != self.count:
            raise WrongUse(f"the model was fitted on {self.count} columns without names, and the rows have {len(item)}")
        return list(item.values())

    @property
    def column_names(self) -> tuple[str, ...]:
        """Those it was fitted to; none where they had no names."""
        return self.names or ()

    def describe(self) -> dict[str, Any]:
        """The columns."""
        return {"kind": "cells", "names": None if self.names is None else list(self.names), "count": self.count}


def of(settings: Mapping[str, Any]) -> CellsProcessor:
    """The processor of these settings."""
    check_settings(settings, CellsProcessor, "a cells processor")
    return CellsProcessor(**settings)
