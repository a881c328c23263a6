"""Gradient boosting that can be continued: trees are added to outputs that are there, whoever they come from.

Friedman 2001, doi:10.1214/aos/1013203451, algorithms 1, 3 and 6. A stage fits a regression tree to the residuals of
each class, or of the number, and gives each leaf a Newton step,

    classes:  (n_classes - 1) / n_classes sum r / sum p (1 - p),  r = [y = class] - p        numbers:  mean r
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import softmax

from transferkit.ops.trees.tree import Tree

Stage = tuple[Tree, ...]
"""One tree an output."""


def boosted(
    items: np.ndarray,
    targets: np.ndarray,
    outputs: np.ndarray,
    *,
    stages: int,
    rate: float = 0.1,
    depth: int = 3,
    least_items: int = 1,
    weights: np.ndarray | None = None,
    seed: int = 0,
    after_stage: Callable[[], None] = lambda: None,
) -> list[Stage]:
    """Trees that improve outputs (n, k) of items (n, d) by `rate` times their values each.

    targets: (n,) int classes where k > 1, numbers where k is 1. `after_stage` is called after each, to look at a clock.
    """
    from sklearn.tree import DecisionTreeRegressor

    items = np.ascontiguousarray(items, dtype=np.float32)  # as trees want them, so that they need not look
    outputs = np.array(outputs, dtype=np.float64)
    scale = np.ones(len(items)) if weights is None else np.asarray(weights, dtype=np.float64)
    k = outputs.shape[1]
    hot = np.eye(k)[targets] if k > 1 else np.asarray(targets, dtype=np.float64)[:, None]
    draw = np.random.RandomState(seed % 2**32)
    found: list[Stage] = []
    for _ in range(stages):
        chances = softmax(outputs, axis=1) if k > 1 else outputs
        left = hot - chances  # (n, k)
        stage = []
        for j in range(k):
            grown = DecisionTreeRegressor(max_depth=depth, min_samples_leaf=least_items, random_state=draw)
            tree = Tree.of(grown.fit(items, left[:, j], sample_weight=scale, check_input=False))
            leaves = tree.leaves_of(items)
            if k > 1:
                top = np.bincount(leaves, scale * left[:, j], len(tree))
                bottom = np.bincount(leaves, scale * chances[:, j] * (1 - chances[:, j]), len(tree))
                step = np.divide(top, bottom, out=np.zeros(len(tree)), where=bottom > 1e-150)
                tree = Tree(tree.feature, tree.threshold, tree.left, tree.right, ((k - 1) / k * step)[:, None])
            outputs[:, j] += rate * tree.value[leaves, 0]
            stage.append(tree)
        found.append(tuple(stage))
        after_stage()
    return found


def start_of(targets: np.ndarray, k: int, weights: np.ndarray | None = None) -> np.ndarray:
    """(k,) the best outputs without a tree: log shares of k classes, their mean 0; the mean of numbers where k is 1.

    A class without items counts as half an item.
    """
    scale = np.ones(len(targets)) if weights is None else np.asarray(weights, dtype=np.float64)
    if k == 1:
        return np.array([np.average(targets, weights=scale)])
    logs = np.log(np.maximum(np.bincount(targets, weights=scale, minlength=k), 0.5))
    centred: np.ndarray = logs - logs.mean()
    return centred


def outputs_of(items: np.ndarray, stages: list[Stage], rate: float, start: np.ndarray) -> np.ndarray:
    """(n, k) of items (n, d): start (k,), or (n, k), and what each stage adds."""
    outputs: np.ndarray = np.zeros((len(items), start.shape[-1])) + start
    for stage in stages:
        outputs = outputs + rate * np.concatenate([tree.predict(items) for tree in stage], axis=1)
    return outputs
