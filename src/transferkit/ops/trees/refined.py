"""Structure expansion and reduction (SER): the source's tree, grown where the target needs more and cut where it needs less.

Segev, Harel, Mannor, Crammer & El-Yaniv 2017, arXiv:1511.01258, algorithm 1. Expansion: each leaf that target items
reach becomes the full tree of those items. Reduction, from the leaves up: a node becomes a leaf where that makes no
more mistakes on the target items it holds. Differs: what no target item reaches becomes a leaf with the source's
shares, where the paper leaves open which.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from transferkit.ops.trees.tree import LEAF, Tree, shares_of


def refined(tree: Tree, items: np.ndarray, labels: np.ndarray, *, seed: int = 0, **growing: Any) -> Tree:
    """`tree` refined on target items (n, d) with labels (n,) 0 to n_classes - 1.

    `growing`: settings of scikit-learn's decision tree for the expansion, such as max_features.
    """
    return _Refinement(tree, np.asarray(items), np.asarray(labels), growing | {"random_state": seed}).at(
        0, np.arange(len(labels))
    )


class _Refinement:
    """One walk down the source's tree and up again."""

    def __init__(self, tree: Tree, items: np.ndarray, labels: np.ndarray, growing: dict[str, Any]) -> None:
        self.tree, self.items, self.labels, self.growing = tree, items, labels, growing
        self.n_classes = tree.value.shape[1]

    def at(self, node: int, here: np.ndarray) -> Tree:
        """What node becomes for the items at positions `here`."""
        tree = self.tree
        if not len(here):
            return Tree.leaf(tree.value[node])
        shares = shares_of(self.labels[here], self.n_classes)
        if tree.feature[node] == LEAF:
            return self._grown(here)
        feature, threshold = (
            int(tree.feature[node]),
            tree.threshold[node],
        )  # no plain float, which would become a float32
        goes_left = self.items[here, feature].astype(np.float32) <= threshold
        left, right = self.at(tree.left[node], here[goes_left]), self.at(tree.right[node], here[~goes_left])
        whole = Tree.split(feature, threshold, left, right, shares)
        wrong_as_leaf = int((self.labels[here] != shares.argmax()).sum())
        wrong_as_tree = int((whole.predict(self.items[here]).argmax(1) != self.labels[here]).sum())
        return Tree.leaf(shares) if wrong_as_leaf <= wrong_as_tree else whole

    def _grown(self, here: np.ndarray) -> Tree:
        from sklearn.tree import DecisionTreeClassifier

        labels = self.labels[here]
        there = np.unique(labels)
        if len(there) == 1:
            return Tree.leaf(shares_of(labels, self.n_classes))
        grown = Tree.of(DecisionTreeClassifier(**self.growing).fit(self.items[here], labels))
        value = np.zeros((len(grown), self.n_classes))
        value[:, there] = grown.value
        return Tree(grown.feature, grown.threshold, grown.left, grown.right, value)
