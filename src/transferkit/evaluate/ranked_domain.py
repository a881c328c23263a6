"""Ranked domains: labelled source data in the order in which a target without labels would have them, as far as can be known.

Ben-David et al. 2010 (Machine Learning 79, theorem 2) bound the error on a target by

    error on the source + d / 2 + lambda

with d a divergence of the two domains' items, for which the proxy A-distance stands here, and lambda, the error of the best
model for both domains, which nobody knows without target labels. The order is by the first two terms. Where sources differ in
their classes, one is never right about those it lacks: its error is 1 - (share of the target's classes it has) x (its accuracy
on held-out items of its own), as on a target in which every class comes equally often. It is an order to begin with, no
prediction of an accuracy: above 1 the bound says nothing, and lambda may turn it round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class RankedDomain:
    """One labelled data set."""

    name: str
    distance: float | None = None
    """Proxy A-distance to the target, 0 (one domain) to 2 (told apart without error); None for one that was left out."""
    own: float | None = None
    """The task's accuracy, 0 to 1, of a linear head on held-out items of its own; None without classes or held-out items."""
    n_labelled: int = 0
    classes: tuple[str, ...] = ()
    """Those of the target's that it has; where no label of the target names any, the target's are those of all sources."""
    lacks: tuple[str, ...] = ()
    """The others of the target's."""
    features: str = ""
    """What the features are of."""
    note: str = ""
    """Why it was left out."""

    @property
    def is_usable(self) -> bool:
        """False for one that was left out."""
        return self.distance is not None

    @property
    def bound(self) -> float | None:
        """The known terms of the bound on the target error; None where the accuracy is not known.

        >>> round(RankedDomain("old", distance=0.8, own=0.9, classes=("a", "b")).bound, 3)
        0.5
        """
        if self.distance is None or self.own is None:
            return None
        share = len(self.classes) / max(1, len(self.classes) + len(self.lacks))
        return 1 - share * self.own + self.distance / 2


def in_order(rows: Sequence[RankedDomain]) -> tuple[RankedDomain, ...]:
    """The most promising first, those that were left out last; by the distance alone where one has no bound.

    >>> near, far = RankedDomain("near", distance=0.2), RankedDomain("far", distance=1.5, own=0.9)
    >>> [row.name for row in in_order([far, RankedDomain("other", note="texts"), near])]
    ['near', 'far', 'other']
    """
    usable = [row for row in rows if row.is_usable]
    by_bound = all(row.bound is not None for row in usable)
    usable.sort(key=lambda row: (row.bound if by_bound else row.distance) or 0.0)
    return (*usable, *(row for row in rows if not row.is_usable))
