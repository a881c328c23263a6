"""Splits: which items are held out. Pure index arithmetic - stratified, seeded, and a group never straddles.

Groups are placed one at a time, the largest first and in random order among equals, each to the side that brings the class
counts nearer to the wanted share (Sechidis, Tsoumakas & Vlahavas 2011, "On the stratification of multi-label data", is the
same greedy idea for labels instead of groups).
"""

from __future__ import annotations

import zlib
from collections.abc import Hashable, Sequence

import numpy as np


def holdout(
    strata: np.ndarray, share: float, seed: int, *, groups: np.ndarray | None = None, purpose: str = ""
) -> np.ndarray:
    """(n,) bool: True for the items held out, about `share` of every stratum.

    strata: (n,) int, e.g. the class. groups: (n,) int, items of one group stay together; None: every item alone. A stratum
    never loses its last group; one with two or more groups that hold nothing else gives at least one. `purpose` makes equal
    seeds unrelated ("test", "validation").

    >>> holdout(np.array([0, 0, 0, 0, 1, 1, 2]), 0.25, seed=0).sum()
    np.int64(2)
    """
    if len(strata) == 0:
        return np.zeros(0, dtype=bool)
    random = np.random.default_rng([zlib.crc32(purpose.encode()), seed % 2**63])
    _, strata = np.unique(strata, return_inverse=True)
    _, groups = np.unique(np.arange(len(strata)) if groups is None else groups, return_inverse=True)
    members = _members(strata, groups)
    size = np.bincount(strata)
    left = np.zeros(len(size), dtype=np.int64)  # groups of each stratum that are not held out
    for inside in members:
        left[list(inside)] += 1
    wanted = np.where(left > 1, np.clip(np.floor(share * size + 0.5), 1, None), 0)
    shortfall = wanted.copy()  # items each stratum still wants held out
    held: set[int] = set()

    def worth(group: int) -> float:
        """How much nearer to the wanted shares the counts come, each stratum counting alike."""
        return float(sum((abs(shortfall[s]) - abs(shortfall[s] - k)) / size[s] for s, k in members[group].items()))

    def hold(group: int) -> None:
        held.add(group)
        for stratum, count in members[group].items():
            left[stratum] -= 1
            shortfall[stratum] -= count

    def spares(group: int) -> bool:
        return all(left[stratum] > 1 for stratum in members[group])

    order = random.permutation(len(members))
    group_sizes = np.bincount(groups)
    order = order[np.argsort(-group_sizes[order], kind="stable")]
    for group in order:
        if spares(group) and worth(group) > 0:
            hold(group)
    for stratum in np.flatnonzero((shortfall == wanted) & (wanted > 0)):  # nothing fitted: the least bad group
        if shortfall[stratum] == wanted[stratum]:
            fitting = [g for g in order if stratum in members[g] and g not in held and spares(g)]
            if fitting:
                hold(max(fitting, key=worth))
    return np.isin(groups, list(held))


def _members(strata: np.ndarray, groups: np.ndarray) -> list[dict[int, int]]:
    """For each group: how many items of which stratum."""
    members: list[dict[int, int]] = [{} for _ in range(int(groups.max()) + 1)]
    pairs, counts = np.unique(np.stack([groups, strata]), axis=1, return_counts=True)
    for group, stratum, count in zip(*pairs.tolist(), counts.tolist(), strict=True):
        members[group][stratum] = count
    return members


def linked(*keys: Sequence[Hashable]) -> np.ndarray:
    """(n,) int: items that share a value of any key, directly or through others, get the same number.

    >>> linked(["a", "a", "b", "c"], [1, 2, 2, 3]).tolist()
    [0, 0, 0, 3]
    """
    parent = list(range(len(keys[0])))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for key in keys:
        first: dict[Hashable, int] = {}
        for item, value in enumerate(key):
            one, other = root(first.setdefault(value, item)), root(item)
            parent[max(one, other)] = min(one, other)
    return np.array([root(item) for item in range(len(parent))], dtype=np.int64)
