"""Structure expansion and reduction (SER): the source's tree, grown where the target needs more and cut where it needs less.

Segev, Harel, Mannor, Crammer & El-Yaniv 2017, arXiv:1511.01258, algorithm 1. Expansion: each leaf that target items
reach becomes the full tree of those items. Reduction, from the leaves up: a node becomes a leaf where that makes no
more mistakes on the target items it holds. Differs: what no target item reaches becomes a leaf with the source's
shares, where the paper leaves open which.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from transferkit.ops.trees.tree import LEAF, Branch, Tree, assembled, shares_of


def refined(tree: Tree, items: np.ndarray, labels: np.ndarray, *, seed: int = 0, **growing: Any) -> Tree:
    """`tree` refined on target items (n, d) with labels (n,) 0 to n_classes - 1.

    `growing`: settings of scikit-learn's decision tree for the expansion, such as max_features.
    """
    items, labels, growing = np.asarray(items), np.asarray(labels), growing | {"random_state": seed}
    n_classes = tree.value.shape[1]
    found: dict[int, Branch[int] | Tree] = {}
    """What becomes of each node that target items reach, or whose parent they do."""
    mistakes = {}
    """That are made on those items, by what is below it."""
    for node, here in reversed(_reached(tree, items)):  # children before their parent
        if not len(here):
            found[node], mistakes[node] = Tree.leaf(tree.value[node]), 0
            continue
        shares, left, right = shares_of(labels[here], n_classes), int(tree.left[node]), int(tree.right[node])
        as_leaf = int((labels[here] != shares.argmax()).sum())
        if tree.feature[node] == LEAF:
            grown = _grown(items[here], labels[here], n_classes, growing)
            found[node] = grown
            mistakes[node] = int((grown.predict(items[here]).argmax(1) != labels[here]).sum())
        elif as_leaf <= mistakes[left] + mistakes[right]:
            found[node], mistakes[node] = Tree.leaf(shares), as_leaf
        else:
            found[node] = Branch(int(tree.feature[node]), tree.threshold[node], shares, left, right)
            mistakes[node] = mistakes[left] + mistakes[right]
    return assembled(0, found.__getitem__)


def _reached(tree: Tree, items: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Nodes from the root down, to those that no item reaches, and the positions of items (n, d) that come there."""
    reached: list[tuple[int, np.ndarray]] = []
    waiting = [(0, np.arange(len(items)))]
    while waiting:
        node, here = waiting.pop()
        reached.append((node, here))
        if len(here) and tree.feature[node] != LEAF:
            # no plain float, which would become a float32
            goes_left = items[here, tree.feature[node]].astype(np.float32) <= tree.threshold[node]
            waiting += [(int(tree.right[node]), here[~goes_left]), (int(tree.left[node]), here[goes_left])]
    return reached


def _grown(items: np.ndarray, labels: np.ndarray, n_classes: int, growing: dict[str, Any]) -> Tree:
    """The full tree of the items of one leaf."""
    from sklearn.tree import DecisionTreeClassifier

    there = np.unique(labels)
    if len(there) == 1:
        return Tree.leaf(shares_of(labels, n_classes))
    grown = Tree.of(DecisionTreeClassifier(**growing).fit(items, labels))
    value = np.zeros((len(grown), n_classes))
    value[:, there] = grown.value
    return Tree(grown.feature, grown.threshold, grown.left, grown.right, value)
