"""Where a network that is a list of calls can be cut in two: after a call where one tensor is all that is still needed."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Protocol, TypeVar

MOST_STAGES = 16
"""Neighbours are joined beyond that: rates that fall from stage to stage would leave the first ones where they are."""


class Call(Protocol):
    """One step of a network. Tensors go by any name."""

    @property
    def takes(self) -> Sequence[Hashable]:
        """Tensors it needs."""

    @property
    def gives(self) -> Sequence[Hashable]:
        """Tensors it makes."""

    @property
    def holds(self) -> Sequence[Hashable]:
        """What it learns by; two calls that hold the same belong to one stage."""

    @property
    def uncut(self) -> bool:
        """True where more than a tensor goes on from here, such as a mask."""


AnyCall = TypeVar("AnyCall", bound=Call)


def segments(calls: Sequence[AnyCall], start: Hashable, end: Hashable) -> list[list[AnyCall]]:
    """Consecutive calls between all the places where the way from tensor `start` to tensor `end` can be cut."""
    last_use: dict[Hashable, int] = {end: len(calls)}
    first_held: dict[Hashable, int] = {}
    last_held: dict[Hashable, int] = {}
    for i, call in enumerate(calls):
        for tensor in call.takes:
            last_use[tensor] = max(i, last_use.get(tensor, i))
        for held in call.holds:
            first_held.setdefault(held, i)
            last_held[held] = i
    found: list[list[AnyCall]] = [[]]
    alive = {start}
    for i, call in enumerate(calls):
        found[-1].append(call)
        alive = {tensor for tensor in alive.union(call.gives) if last_use.get(tensor, -1) > i}
        shared = any(first <= i < last_held[held] for held, first in first_held.items())
        if len(alive) == 1 and not call.uncut and not shared:
            found.append([])
    return [segment for segment in found if segment]


def joined(found: Sequence[Sequence[AnyCall]], weighty: Callable[[AnyCall], bool]) -> list[list[AnyCall]]:
    """Stages: each segment with weighty calls, together with the lesser ones that follow it, at most `MOST_STAGES`.

    What comes before the first weights belongs to the first stage.
    """
    stages: list[list[AnyCall]] = []
    begun = False
    for segment in found:
        has_weights = any(map(weighty, segment))
        if stages and not (begun and has_weights):
            stages[-1] += segment
        else:
            stages.append(list(segment))
        begun = begun or has_weights
    size = math.ceil(len(stages) / MOST_STAGES)
    return [[call for part in stages[i : i + size] for call in part] for i in range(0, len(stages), size)]
