"""Examples: raw items with what is known of each - its label, id, group, weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from transferkit.core.compact import joined, taken

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Examples:
    """n items. `items[i]` may be read only when it is asked for (a picture's file, decoded then)."""

    items: Sequence[Any]
    """Raw items; for pictures a lazy sequence of RGB or L mode PIL images."""
    ids: Sequence[str]
    """Content hash of each item: equal content, equal id."""
    labels: tuple[Any, ...] | None = None
    """One label an item (str for classes, float for numbers, lists of boxes, a sentence, ...); None: unlabelled."""
    names: Sequence[str] = ()
    """What a person calls each item: a path relative to the target, or `table.csv row 7`."""
    weights: np.ndarray | None = None
    """(n,) how much each item counts in the loss; None: all alike."""
    groups: tuple[str, ...] | None = None
    """Items of one group never straddle a split."""
    channels: tuple[str, ...] = ()
    """What the channels of a window are called; () where items are no windows, or nobody knows."""

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, indices: Sequence[int] | np.ndarray) -> Examples:
        """The examples at `indices`, in that order; items stay unread."""
        chosen = np.asarray(indices, dtype=np.int64)
        return Examples(
            items=Chosen(self.items, chosen),
            ids=taken(self.ids, chosen),
            labels=_pick(self.labels, chosen),
            names=taken(self.names, chosen) if self.names else (),
            weights=None if self.weights is None else self.weights[chosen],
            groups=_pick(self.groups, chosen),
            channels=self.channels,
        )

    def join(self, other: Examples) -> Examples:
        """These examples, then the others. What only one of the two knows (labels, groups, ...) is dropped, but for weights:
        where one part has none each of its items counts as much as the other part's do on average."""
        if not len(self) or not len(other):
            return self if len(self) else other
        return Examples(
            items=_one_after_another(self.items, other.items),
            ids=joined(self.ids, other.ids),
            labels=_add(self.labels, other.labels),
            names=joined(self.names, other.names) if self.names and other.names else (),
            weights=_weights(self, other),
            groups=_add(self.groups, other.groups),
            channels=self.channels if self.channels == other.channels else (),
        )


def _one_after_another(first: Sequence[Any], second: Sequence[Any]) -> Sequence[Any]:
    if isinstance(first, Chosen) and isinstance(second, Chosen) and first.items is second.items:
        return Chosen(first.items, np.concatenate([first.indices, second.indices]))  # stays one step from the items
    return Joined(first, second)


def _weights(first: Examples, second: Examples) -> np.ndarray | None:
    known = [part.weights for part in (first, second) if part.weights is not None]
    if not known:
        return None
    usual = float(np.concatenate(known).mean())  # so that their unit does not matter
    return np.concatenate([np.full(len(p), usual) if p.weights is None else p.weights for p in (first, second)])


def _add(first: tuple[Any, ...] | None, second: tuple[Any, ...] | None) -> tuple[Any, ...] | None:
    return None if first is None or second is None else first + second


def _pick(values: tuple[Any, ...] | None, indices: np.ndarray) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values[i] for i in indices.tolist())


class Chosen(Sequence[Any]):
    """Some items of a sequence, in a given order, read when asked for."""

    def __init__(self, items: Sequence[Any], indices: Sequence[int] | np.ndarray) -> None:
        chosen = np.asarray(indices, dtype=np.int64)
        if isinstance(items, Chosen):  # a choice of a choice stays one step from the items
            chosen, items = items.indices[chosen], items.items
        self.items: Sequence[Any] = items
        self.indices: np.ndarray = chosen

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Chosen(self.items, self.indices[index])
        return self.items[int(self.indices[index])]


class Joined(Sequence[Any]):
    """One sequence after another, items read when asked for."""

    def __init__(self, first: Sequence[Any], second: Sequence[Any]) -> None:
        self.first = first
        self.second = second

    def __len__(self) -> int:
        return len(self.first) + len(self.second)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Chosen(self, range(len(self))[index])
        position = range(len(self))[index]
        return self.first[position] if position < len(self.first) else self.second[position - len(self.first)]


class Sealed(Generic[T]):
    """A value that is to be looked at once, by the proof, after every choice has been made.

    It keeps count: a second study of the same target opens it again, and says so, for whoever chooses after the first look
    chooses with the answers in hand.

    >>> seal = Sealed("answers")
    >>> seal.open("the proof of study 1")
    'answers'
    >>> seal.openings
    ['the proof of study 1']
    """

    def __init__(self, value: T) -> None:
        self._value = value
        self.openings: list[str] = []

    def open(self, purpose: str) -> T:
        """Give the value, and write down what for."""
        self.openings.append(purpose)
        return self._value

    @property
    def ids(self) -> Sequence[str]:
        """Which contents there are is no secret either: whoever learns from other data leaves these out."""
        return self._value.ids  # type: ignore[attr-defined, no-any-return]

    def __len__(self) -> int:
        """How many there are is no secret."""
        return len(self._value)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return f"Sealed(openings={self.openings!r})"
