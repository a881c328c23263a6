"""Structure transfer (STRUT): the source's tree with every threshold set anew for the target.

Segev, Harel, Mannor, Crammer & El-Yaniv 2017, arXiv:1511.01258, algorithm 2. From the root down, a node keeps its
feature; of the thresholds at which the information gain on the target items there has a local maximum it takes the
one whose two sides look most like the source's,

    DG = 1 - |L| / |S| JSD(Q_L, source's Q_L) - |R| / |S| JSD(Q_R, source's Q_R)

JSD is the Jensen-Shannon divergence in bits, Q the shares of classes; with the sides swapped where that fits better.
Leaves take the target's shares. Differs: what no target item reaches stays as the source has it, where the paper
prunes it.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.trees.tree import LEAF, Branch, Tree, assembled, shares_of

Place = tuple[int, np.ndarray]
"""A node of the source's tree, and the positions of the target items that come there."""


def transferred(tree: Tree, items: np.ndarray, labels: np.ndarray) -> Tree:
    """`tree` with thresholds and shares of target items (n, d) with labels (n,) 0 to n_classes - 1."""
    items, labels = np.asarray(items, dtype=np.float64), np.asarray(labels)

    def at(place: Place) -> Branch[Place] | Tree:
        node, here = place
        feature, first, second = (int(part[node]) for part in (tree.feature, tree.left, tree.right))
        shares = shares_of(labels[here], tree.value.shape[1]) if len(here) else tree.value[node]
        if feature == LEAF:
            return Tree.leaf(shares)
        if not len(here):
            return Branch(feature, tree.threshold[node], shares, (first, here), (second, here))
        column = items[here, feature].astype(np.float32)
        threshold, swapped = best_threshold(
            column, labels[here], tree.value[first], tree.value[second], otherwise=tree.threshold[node]
        )
        if swapped:
            first, second = second, first
        goes_left = column <= threshold
        return Branch(feature, threshold, shares, (first, here[goes_left]), (second, here[~goes_left]))

    return assembled((0, np.arange(len(labels))), at)


def best_threshold(
    column: np.ndarray, labels: np.ndarray, source_left: np.ndarray, source_right: np.ndarray, otherwise: np.float64
) -> tuple[np.float64, bool]:
    """The threshold on column (n,) for labels (n,), given the source's shares (n_classes,) on either side, and
    whether these are to be swapped; `otherwise`, not swapped, where the column holds one value only.

    A float64, so that a float32 column is compared with it as it is, and not with what is left of it in float32.
    """
    values = np.unique(column).astype(np.float64)
    if len(values) < 2:
        return otherwise, False
    thresholds = (values[1:] + values[:-1]) / 2
    hot = np.eye(len(source_left))[labels]
    left = np.stack([hot[column <= threshold].sum(0) for threshold in thresholds])  # (t, n_classes) counts
    right = hot.sum(0) - left
    size_left, size_right = left.sum(1), right.sum(1)
    q_left, q_right = left / size_left[:, None], right / size_right[:, None]
    n = len(labels)
    gain = entropy(hot.mean(0)) - (size_left * entropy(q_left) + size_right * entropy(q_right)) / n
    padded = np.concatenate([[-np.inf], gain, [-np.inf]])
    candidates = np.flatnonzero((gain >= padded[:-2]) & (gain >= padded[2:]))

    def likeness(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        far = size_left * divergence(q_left, first) + size_right * divergence(q_right, second)
        return np.asarray(1 - far / n)[candidates]

    straight, swapped = likeness(source_left, source_right), likeness(source_right, source_left)
    is_swapped = bool(swapped.max() > straight.max() + 1e-12)
    place = int((swapped if is_swapped else straight).argmax())
    return thresholds[candidates[place]], is_swapped


def entropy(shares: np.ndarray) -> np.ndarray:
    """In bits, of shares (..., n_classes)."""
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
    found: np.ndarray = -(shares * logs).sum(-1)
    return found


def divergence(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Jensen-Shannon, in bits, 0 to 1, of shares p (..., n_classes) and q (n_classes,).

    >>> float(divergence(np.array([1.0, 0.0]), np.array([0.0, 1.0])))
    1.0
    """
    found: np.ndarray = entropy((p + q) / 2) - (entropy(p) + entropy(np.broadcast_to(q, p.shape))) / 2
    return found
