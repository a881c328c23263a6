"""Splits: which items are held out. Pure index arithmetic - stratified, seeded, and a group never straddles.

Groups are placed one at a time, the largest first and in random order among equals, each to the side that brings the class
counts nearer to the wanted share (Sechidis, Tsoumakas & Vlahavas 2011, "On the stratification of multi-label data", is the
same greedy idea for labels instead of groups).
"""

from __future__ import annotations

import zlib
from collections import defaultdict
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
    group_sizes = np.bincount(groups)
    alone = group_sizes[groups] == 1
    members = _members(strata[~alone], groups[~alone])
    size = np.bincount(strata)
    left = np.bincount(strata[alone], minlength=len(size))  # groups of each stratum that are not held out
    for inside in members.values():
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

    order = random.permutation(len(group_sizes))
    order = order[np.argsort(-group_sizes[order], kind="stable")]
    together = order[: len(members)].tolist()
    for group in together:
        if spares(group) and worth(group) > 0:
            hold(group)
    single = _first(groups)[order[len(members) :]]
    single = single[_place_among_equals(strata[single]) < np.minimum(shortfall, left - 1)[strata[single]]]
    taken = np.bincount(strata[single], minlength=len(size))
    left, shortfall = left - taken, shortfall - taken
    for stratum in np.flatnonzero((shortfall == wanted) & (wanted > 0)):  # nothing fitted: the least bad group
        if shortfall[stratum] == wanted[stratum]:
            fitting = [g for g in together if stratum in members[g] and g not in held and spares(g)]
            if fitting:
                hold(max(fitting, key=worth))
    is_held = np.isin(groups, list(held))
    is_held[single] = True
    return is_held


def _members(strata: np.ndarray, groups: np.ndarray) -> dict[int, dict[int, int]]:
    """For each group: how many items of which stratum."""
    members: dict[int, dict[int, int]] = defaultdict(dict)
    pairs, counts = np.unique(np.stack([groups, strata]), axis=1, return_counts=True)
    for group, stratum, count in zip(*pairs.tolist(), counts.tolist(), strict=True):
        members[group][stratum] = count
    return members


def _first(values: np.ndarray) -> np.ndarray:
    """The first place of each value 0, 1, ...

    >>> _first(np.array([1, 0, 1])).tolist()
    [1, 0]
    """
    places: np.ndarray = np.unique(values, return_index=True)[1]
    return places


def _place_among_equals(values: np.ndarray) -> np.ndarray:
    """How many before it are the same.

    >>> _place_among_equals(np.array([7, 5, 7, 7])).tolist()
    [0, 0, 1, 2]
    """
    order = np.argsort(values, kind="stable")
    _, starts, counts = np.unique(values[order], return_index=True, return_counts=True)
    places = np.empty(len(values), dtype=np.int64)
    places[order] = np.arange(len(values)) - np.repeat(starts, counts)
    return places


def linked(*keys: Sequence[Hashable] | np.ndarray) -> np.ndarray:
    """(n,) int: items that share a value of any key, directly or through others, get the same number, that of their first.

    >>> linked(["a", "a", "b", "c"], [1, 2, 2, 3]).tolist()
    [0, 0, 0, 3]
    """
    from scipy import sparse

    n = len(keys[0])
    values = [np.unique(np.asarray(key), return_inverse=True)[1].reshape(-1) for key in keys]
    if len(keys) == 1:
        return _first(values[0])[values[0]]
    begins = np.cumsum([n, *(int(value.max(initial=-1)) + 1 for value in values)])
    ends = np.concatenate([begin + value for begin, value in zip(begins, values, strict=False)])
    joined = sparse.coo_array((np.ones(len(ends), bool), (np.tile(np.arange(n), len(keys)), ends)), (begins[-1],) * 2)
    component = sparse.csgraph.connected_components(joined, directed=False)[1][:n]
    _, first, which = np.unique(component, return_index=True, return_inverse=True)
    together: np.ndarray = first[which]
    return together
