"""Folds: a partition of the items into parts of about equal size, each with about the same share of every stratum.

For cross-fitting (Stone 1974), in which every item is judged once by what was learned from the other parts. Groups are placed
one at a time, the largest first and in random order among equals, each into the fold that holds least of its strata, and
among equals into the smallest: for items without groups that is stratified k-fold, the counts of a class differing by one at
most.
"""

from __future__ import annotations

import zlib

import numpy as np

ALWAYS_LEARNED = -1
"""The fold of an item that is never held out."""


def folds(
    strata: np.ndarray, n_folds: int, seed: int, *, groups: np.ndarray | None = None, keep_last: bool = True
) -> np.ndarray:
    """(n,) int: the fold of each item, 0 to n_folds - 1, or `ALWAYS_LEARNED`.

    strata: (n,) int, e.g. the class. groups: (n,) int, items of one group share a fold; None: every item alone. `keep_last`:
    a group that holds all there is of some stratum is never held out, for nothing could be learned of that stratum without it.

    >>> folds(np.array([0, 0, 0, 0, 1, 1, 2]), 2, seed=0).tolist()
    [0, 0, 1, 1, 0, 1, -1]
    """
    if n_folds < 2:
        raise ValueError(f"at least 2 folds are needed, got {n_folds}")
    n = len(strata)
    assigned = np.full(n, ALWAYS_LEARNED, dtype=np.int64)
    if not n:
        return assigned
    random = np.random.default_rng([zlib.crc32(b"folds"), seed % 2**63])
    _, strata = np.unique(strata, return_inverse=True)
    _, groups = np.unique(np.arange(n) if groups is None else groups, return_inverse=True)
    sizes = np.zeros((groups.max() + 1, strata.max() + 1), dtype=np.int64)  # (groups, strata) items
    np.add.at(sizes, (groups, strata), 1)
    holders = (sizes > 0).sum(axis=0)  # (strata,) groups that have any
    movable = np.ones(len(sizes), dtype=bool)
    if keep_last:
        movable &= sizes[:, holders == 1].sum(axis=1) == 0
    load = np.zeros((n_folds, sizes.shape[1]), dtype=np.int64)  # (folds, strata) items
    order = random.permutation(len(sizes))
    for group in order[np.argsort(-sizes[order].sum(axis=1), kind="stable")]:
        if movable[group]:
            crowding = load @ (sizes[group] / sizes.sum(axis=0))  # each stratum counts by its share in the group
            drawn = random.random(n_folds)
            fold = int(np.lexsort((drawn, load.sum(axis=1), crowding))[0])
            load[fold] += sizes[group]
            assigned[groups == group] = fold
    return assigned
