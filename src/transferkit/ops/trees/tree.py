"""Tree: a decision tree as plain arrays, so that it can be changed, written down and read without an object of any library.

An item goes left where its feature is at most the threshold. Features are compared in float32, as scikit-learn does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

LEAF = -1
Place = TypeVar("Place")


@dataclass(frozen=True, eq=False)
class Tree:
    """Nodes 0 (the root) to m - 1; children come after their parent."""

    feature: np.ndarray
    """(m,) int: which feature a node looks at; `LEAF` for none."""
    threshold: np.ndarray
    """(m,)"""
    left: np.ndarray
    """(m,) int: the child for feature <= threshold; `LEAF` for none."""
    right: np.ndarray
    """(m,) int"""
    value: np.ndarray
    """(m, k) shares of the classes, or numbers."""

    @classmethod
    def of(cls, fitted: Any) -> Tree:
        """Of a fitted tree of scikit-learn, with its shares or means: `value` is (m, n_classes) or (m, 1)."""
        inner = fitted.tree_
        at_leaf = inner.children_left < 0
        return cls(
            np.where(at_leaf, LEAF, inner.feature).astype(np.int64),
            np.where(at_leaf, 0.0, inner.threshold),
            inner.children_left.astype(np.int64),
            inner.children_right.astype(np.int64),
            np.array(inner.value[:, 0, :], dtype=np.float64),
        )

    @classmethod
    def leaf(cls, value: np.ndarray) -> Tree:
        """A tree of one node."""
        one = np.array([LEAF])
        return cls(one, np.zeros(1), one, one, np.array(value, dtype=np.float64)[None])

    def __len__(self) -> int:
        return len(self.feature)

    def leaves_of(self, items: np.ndarray) -> np.ndarray:
        """(n,) int: the leaf that each of items (n, d) falls into."""
        rows = np.asarray(items, dtype=np.float32)
        at, moving = np.zeros(len(rows), dtype=np.int64), np.arange(len(rows))
        while len(moving):
            moving = moving[self.feature[at[moving]] != LEAF]
            node = at[moving]
            goes_left = rows[moving, self.feature[node]] <= self.threshold[node]
            at[moving] = np.where(goes_left, self.left[node], self.right[node])
        return at

    def predict(self, items: np.ndarray) -> np.ndarray:
        """(n, k) the value of each item's leaf."""
        found: np.ndarray = self.value[self.leaves_of(items)]
        return found


@dataclass(frozen=True)
class Branch(Generic[Place]):
    """A node that is to be, and the places of what stands below it."""

    feature: int
    threshold: float
    value: np.ndarray
    left: Place
    right: Place


def assembled(root: Place, at: Callable[[Place], Branch[Place] | Tree]) -> Tree:
    """The tree from `root` down; `at` says of each place, a parent before its children, what stands there. As deep as need be.

    >>> leaves = {"no": Tree.leaf(np.array([1.0, 0.0])), "yes": Tree.leaf(np.array([0.0, 1.0]))}
    >>> tree = assembled("top", {"top": Branch(0, 0.5, np.array([0.5, 0.5]), "no", "yes"), **leaves}.__getitem__)
    >>> tree.predict(np.array([[0.0], [1.0]])).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    parts: list[Tree] = []
    below: tuple[list[int], list[int]] = ([], [])
    """Left and right child of each node so far."""
    waiting: list[tuple[Place, int, int]] = [(root, LEAF, 0)]
    while waiting:
        place, parent, side = waiting.pop()
        found, here = at(place), len(below[0])
        if parent != LEAF:
            below[side][parent] = here
        if isinstance(found, Tree):
            parts.append(found)
            for children, of in zip(below, (found.left, found.right), strict=True):
                children += np.where(of == LEAF, LEAF, of + here).tolist()
            continue
        one = np.array([found.feature])
        parts.append(Tree(one, np.array([found.threshold], dtype=np.float64), one, one, np.asarray(found.value)[None]))
        for children in below:
            children.append(LEAF)
        waiting += [(found.right, here, 1), (found.left, here, 0)]
    left, right = (np.array(children, dtype=np.int64) for children in below)
    feature = np.concatenate([part.feature for part in parts]).astype(np.int64)
    value = np.concatenate([part.value for part in parts]).astype(np.float64)
    return Tree(feature, np.concatenate([part.threshold for part in parts]), left, right, value)


def shares_of(labels: np.ndarray, n_classes: int, weights: np.ndarray | None = None) -> np.ndarray:
    """(n_classes,) of labels (n,), n at least 1.

    >>> shares_of(np.array([0, 2, 2, 2]), 3)
    array([0.25, 0.  , 0.75])
    """
    counts: np.ndarray = np.bincount(labels, weights=weights, minlength=n_classes)
    return np.asarray(counts / counts.sum())
