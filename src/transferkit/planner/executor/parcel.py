"""Parcel: a target as it travels to a worker - the open items only, and no test.

What is in memory - pictures, texts, rows, windows - travels itself; files travel as paths, so every worker must see them. The
cut is one for the whole study: a worker draws the folds anew from it, as they are drawn from the ids alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from transferkit.core.examples import Chosen, Examples, Joined, Sealed
from transferkit.core.target import Target
from transferkit.data.picture_arrays import ArrayPictures
from transferkit.data.rows import Rows
from transferkit.data.text import CellTexts
from transferkit.data.time_series import Windows


def packed(target: Target) -> Target:
    """The same target without its test, and without what its items were cut out of."""
    return replace(
        target,
        train=_cut(target.train),
        validation=_cut(target.validation),
        unlabelled=_cut(target.unlabelled),
        test=Sealed(Examples(items=(), ids=())),
    )


def _cut(examples: Examples) -> Examples:
    return replace(examples, items=_only(examples.items, range(len(examples))))


def _only(items: Sequence[Any], indices: Sequence[int]) -> Sequence[Any]:
    """The items at `indices`, and nothing else where they lie in memory; what is read from files stays unread."""
    if isinstance(items, Chosen):
        return _only(items.items, items.indices[list(indices)].tolist())
    if isinstance(items, ArrayPictures):
        return ArrayPictures(items.pixels[list(indices)])
    if isinstance(items, Joined):
        n = len(items.first)
        first, second = [i for i in indices if i < n], [i - n for i in indices if i >= n]
        place = {i: position for position, i in enumerate([*first, *(i + n for i in second)])}
        return Chosen(Joined(_only(items.first, first), _only(items.second, second)), [place[i] for i in indices])
    if isinstance(items, Rows):
        return items.only(indices)
    if isinstance(items, list | tuple | Windows | CellTexts):
        return [items[i] for i in indices]
    return Chosen(items, list(indices))
