"""A table with a column of texts and one of labels; optional columns of split, group and weight.

An empty label means unlabelled; an empty text is left out and listed with its row. A table is one of texts where a column of
natural text is THE content of its rows (`texts_are_the_content`); otherwise it is one of numbers and categories.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from transferkit.core.compact import Digests
from transferkit.core.errors import WrongUse
from transferkit.core.examples import Chosen, Examples
from transferkit.core.format import Format, Reading, ReadOptions, Skipped
from transferkit.core.run import Progress, silent
from transferkit.data.columns import ITEM_OPTIONS, Columns, Content, find_columns, groups, label_values, splits, weights
from transferkit.data.scripts import mixed_scripts, script_of
from transferkit.data.table import SUFFIXES, Table, peek, read_table
from transferkit.data.text import EMPTY, CellTexts, digest

_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")
"""What stands between white space, so that a path or an address is one word; or one character of a script without spaces."""
_DISTINCT = 0.5
"""Least share of different values: texts hardly ever repeat, categories do."""
_WORDS = 2
"""Least words of a usual text."""
_WORDS_A_COLUMN = 2
"""Words a usual text must have for each other column, to be what a row is about: a review beside a price and a date is, a
passenger's name among ten numbers is not."""


def looks_like_text(table: Table, cells: Sequence[Any]) -> bool:
    """Natural text: several words in a usual value, and mostly different values."""
    return _usual_words(cells) >= _WORDS and _distinct(cells) >= _DISTINCT


TEXTS = Content(
    option="text_column",
    what="a column of texts",
    names=("text", "review", "review_text", "sentence", "content", "comment", "body", "message", "tweet", "document"),
    fits=looks_like_text,
)


def texts_are_the_content(table: Table, columns: Columns) -> bool:
    """Whether a row is about its text: two words in a usual text for each column beside text, label, split, group, weight."""
    known = {columns.item, columns.label, columns.split, columns.group, columns.weight}
    others = [name for name in table.columns if name not in known]
    return _usual_words(table.columns[columns.item]) >= _WORDS_A_COLUMN * len(others)


class TextTable(Format):
    """Rows of a text and its label."""

    modality: ClassVar[str] = "text"
    turn: ClassVar[int] = 10
    example: ClassVar[str] = "a CSV, TSV, JSONL or Parquet table with a column of texts and one of labels"

    def recognises(self, path: Path, options: ReadOptions) -> bool:
        """A named column decides; without one, a column of natural text that is the content of the rows."""
        if not (path.is_file() and path.suffix.lower() in SUFFIXES):
            return False
        named = options.columns()
        if ITEM_OPTIONS & named.keys():
            return "text_column" in named
        table = peek(path, options)
        try:
            return texts_are_the_content(table, find_columns(table, options, TEXTS))
        except WrongUse:  # no such column, or none of labels
            return False

    def read(self, path: Path, options: ReadOptions, progress: Progress = silent) -> Reading:
        table = read_table(path, options.encoding)
        columns = find_columns(table, options, TEXTS)
        labels = label_values(table, columns.label, TEXTS)
        in_group, weight, split = (
            groups(table, columns.group),
            weights(table, columns.weight),
            splits(table, columns.split),
        )
        texts = CellTexts(table.columns[columns.item])
        usable = array("q")
        digests = bytearray()
        scripts: list[str | None] = []
        skipped: list[Skipped] = []
        for i, text in enumerate(texts):
            if text:
                usable.append(i)
                digests += digest(text)
                scripts.append(script_of(text))
            else:
                skipped.append(Skipped(table.where(i), EMPTY))
            progress("reading texts", i + 1, len(texts))
        if not usable:
            raise WrongUse(f"{path}: every text in column {columns.item!r} is empty; name another with --text-column")
        examples = Examples(
            items=Chosen(texts, usable),
            ids=Digests.of(digests),
            labels=tuple(labels[i] for i in usable),
            names=table.names(usable),
            weights=None if weight is None else weight[usable],
            groups=None if in_group is None else tuple(in_group[i] for i in usable),
        )
        notes = (*table.notes, *_others(table, columns, options), *mixed_scripts(scripts))
        return Reading.of("text", examples, [split[i] for i in usable], tuple(skipped), notes)


def _others(table: Table, columns: Columns, options: ReadOptions) -> tuple[str, ...]:
    """The line that tells which column was read, where another would have done."""
    if options.text_column is not None:
        return ()
    known = {columns.item, columns.label, columns.split, columns.group, columns.weight}
    also = [name for name, cells in table.columns.items() if name not in known and looks_like_text(table, cells)]
    if not also:
        return ()
    return (
        f"column {columns.item!r} is read as the text, not {', '.join(map(repr, also))}; --text-column names another",
    )


def _texts(cells: Sequence[Any]) -> list[str]:
    """Those of the first values that are texts of at least one letter."""
    return [cell for cell in cells[:200] if isinstance(cell, str) and cell.strip()]


def _usual_words(cells: Sequence[Any]) -> float:
    """Median number of words of the first values; 0 where any are no texts."""
    texts = _texts(cells)
    if not texts or any(not isinstance(cell, str) for cell in cells[:200] if cell is not None):
        return 0.0
    return float(np.median([sum(any(map(str.isalpha, word)) for word in _WORD.findall(text)) for text in texts]))


def _distinct(cells: Sequence[Any]) -> float:
    texts = _texts(cells)
    return len(set(texts)) / max(1, len(texts))
