"""Tree: a decision tree as plain arrays, so that it can be changed, written down and read without an object of any library.

An item goes left where its feature is at most the threshold. Features are compared in float32, as scikit-learn does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

LEAF = -1


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

    @classmethod
    def split(cls, feature: int, threshold: float, left: Tree, right: Tree, value: np.ndarray) -> Tree:
        """A node above two trees."""
        first, second = 1, 1 + len(left)

        def moved(children: np.ndarray, by: int) -> np.ndarray:
            return np.where(children == LEAF, LEAF, children + by)

        return cls(
            np.concatenate([[feature], left.feature, right.feature]).astype(np.int64),
            np.concatenate([[threshold], left.threshold, right.threshold]),
            np.concatenate([[first], moved(left.left, first), moved(right.left, second)]).astype(np.int64),
            np.concatenate([[second], moved(left.right, first), moved(right.right, second)]).astype(np.int64),
            np.concatenate([np.asarray(value, dtype=np.float64)[None], left.value, right.value]),
        )

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


def shares_of(labels: np.ndarray, n_classes: int, weights: np.ndarray | None = None) -> np.ndarray:
    """(n_classes,) of labels (n,), n at least 1.

    >>> shares_of(np.array([0, 2, 2, 2]), 3)
    array([0.25, 0.  , 0.75])
    """
    counts: np.ndarray = np.bincount(labels, weights=weights, minlength=n_classes)
    return np.asarray(counts / counts.sum())
