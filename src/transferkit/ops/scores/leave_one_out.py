"""Leave-one-out ridge: what a linear head would get right on items it has not seen, without fitting it n times.

Targets are one-hot, the class of the largest output is the prediction, and every item is predicted by the fit of all
others, exactly (`ops/ridge.py`). Two things differ from the textbook:

- The classes' shares are taken as known, as they are in a stratified split: the intercept is that of all n items, the
  slopes are those of the other n - 1. Otherwise the left-out item's class would be one short, and on features without
  any information the score would not be chance but 0.
- The penalty is the one of `PENALTIES` - multiples of the features' mean eigenvalue - under which the left-out items'
  labels are the most likely, and not under which most are right: with few items that count is too coarse to choose by.
  Outputs become probabilities by softmax(sharpness * output), the sharpness itself fitted to the left-out outputs; one
  imagined item, wrong by a full step, keeps it finite where all are right (Laplace's rule of succession).

Cost O(n d min(n, d)) and O(n min(n, d) C) a penalty. Bounds: accuracy 0 to 1. Needs two items and two classes. Fails
where a class has one item, which is then hardly ever predicted rightly; and it speaks of n - 1 items, which with three a
class is some points less than n would give. With skewed classes say `balanced`, or give weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transferkit.ops.principal_axes import PrincipalAxes
from transferkit.ops.ridge import RidgePath
from transferkit.ops.scores.inputs import balancing_weights, checked_items, checked_labels, one_hot
from transferkit.ops.scores.score import Score

PENALTIES = np.logspace(-5, 3, 17)
"""In units of the mean eigenvalue of the features' sum of squares."""
LEAST_SHARPNESS = 1e-3
"""Probabilities all but alike: the outputs say nothing."""
MOST_STEPS = 100
BLOCK = 512
"""Items at a time: few enough for their probabilities to stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class LeaveOneOut:
    """Every item as the fit of all others sees it."""

    penalty: float
    """The chosen one, as `ops.ridge` takes it."""
    predictions: np.ndarray
    """(n, C) outputs or (n, k) numbers, item i predicted by the others."""
    per_item: np.ndarray
    """(n,) 1 where right and 0 where wrong; in regression the squared error."""
    sharpness: float = 1.0
    """softmax(sharpness * output) are probabilities; 1 in regression, where it means nothing."""

    @property
    def mean(self) -> float:
        """Accuracy, or mean squared error."""
        return float(self.per_item.mean())


def leave_one_out_classes(
    features: np.ndarray | PrincipalAxes,
    labels: np.ndarray,
    *,
    n_classes: int | None = None,
    weights: np.ndarray | None = None,
    balanced: bool = False,
    penalties: np.ndarray | None = None,
) -> LeaveOneOut:
    """Leave-one-out ridge classification of features (n, d) with labels (n,) 0 ... C-1.

    `weights` (n,) say how much each item counts in the fits; `balanced` makes classes count alike on top of that.
    `penalties` replace the grid, in the unit of `LeaveOneOut.penalty`.

    >>> points = np.array([[0.0], [0.1], [0.2], [1.0], [1.1], [1.2]])
    >>> leave_one_out_classes(points, np.array([0, 0, 0, 1, 1, 1])).mean
    1.0
    """
    features = checked_items(features)
    labels = checked_labels(labels, len(features))
    n_classes = int(labels.max()) + 1 if n_classes is None else n_classes
    if n_classes <= labels.max():
        raise ValueError(f"label {labels.max()} is not among {n_classes} classes")
    if balanced:
        weights = balancing_weights(labels) * (1.0 if weights is None else weights)
    path = RidgePath.of(features, weights)
    targets = one_hot(labels, n_classes)
    shares = path.weights @ targets / len(labels)
    moved = (path.weights / (len(labels) - path.weights))[:, None] * (shares - targets)  # by leaving item i out
    best, highest, sharpness = None, -np.inf, 1.0
    for penalty, outputs in path.each(targets, _grid(path, penalties)):
        outputs -= moved
        sharpness, likelihood = fit_sharpness(outputs, labels, path.weights, start=sharpness)
        if best is None or likelihood > highest:
            right = (outputs.argmax(axis=1) == labels).astype(np.float64)
            best, highest = LeaveOneOut(penalty, outputs, right, sharpness), likelihood
    assert best is not None  # a grid has a penalty at least
    return best


def leave_one_out_numbers(
    features: np.ndarray | PrincipalAxes,
    targets: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    penalties: np.ndarray | None = None,
) -> LeaveOneOut:
    """Leave-one-out ridge regression of targets (n,) or (n, k), the penalty of the least weighted squared error."""
    features = checked_items(features)
    targets = np.asarray(targets, dtype=np.float64).reshape(len(features), -1)  # (n, k)
    if not np.isfinite(targets).all():
        raise ValueError("the targets hold a value that is not finite")
    path = RidgePath.of(features, weights)
    best, lowest = None, np.inf
    for penalty, left_out in path.each(targets, _grid(path, penalties)):
        errors = np.square(targets - left_out).sum(axis=1)
        error = float(path.weights @ errors)
        if best is None or error < lowest:
            best, lowest = LeaveOneOut(penalty, left_out, errors), error
    assert best is not None  # a grid has a penalty at least
    return best


def fit_sharpness(
    outputs: np.ndarray, labels: np.ndarray, weights: np.ndarray, start: float = 1.0
) -> tuple[float, float]:
    """The sharpness under which labels (n,) are the most likely given outputs (n, C), and that mean log-likelihood.

    The likelihood is concave in the sharpness: Newton's method, each step at most a doubling or a halving.
    """
    sharpness = start
    for _ in range(MOST_STEPS):
        # The imagined item: output 1 for class 0, output 0 for the others, and its class is 1.
        likelihood, slope, curvature = _at_sharpness(
            np.eye(1, outputs.shape[1]), np.ones(1, int), np.ones(1), sharpness
        )
        for first in range(0, len(labels), BLOCK):
            rows = slice(first, first + BLOCK)
            block = _at_sharpness(outputs[rows], labels[rows], weights[rows], sharpness)
            likelihood, slope, curvature = likelihood + block[0], slope + block[1], curvature + block[2]
        newton = sharpness + slope / max(curvature, 1e-300)
        before, sharpness = sharpness, max(float(np.clip(newton, sharpness / 2, sharpness * 2)), LEAST_SHARPNESS)
        if abs(sharpness - before) <= 1e-5 * before:  # the likelihood then changes by less than a billionth
            break
    return sharpness, likelihood / float(weights.sum() + 1)


def _at_sharpness(
    outputs: np.ndarray, labels: np.ndarray, weights: np.ndarray, sharpness: float
) -> tuple[float, float, float]:
    """The log-likelihood of labels (n,), its slope and its negated curvature, for outputs (n, C)."""
    below = outputs - outputs.max(axis=1, keepdims=True)  # the largest is 0: no power overflows
    powers = np.exp(sharpness * below)
    total = powers.sum(axis=1)
    powers *= below
    mean = powers.sum(axis=1) / total
    square = np.einsum("nc,nc->n", powers, below) / total
    told = below[np.arange(len(labels)), labels]
    return (
        float(weights @ (sharpness * told - np.log(total))),
        float(weights @ (told - mean)),
        float(weights @ (square - np.square(mean))),
    )


def _grid(path: RidgePath, penalties: np.ndarray | None) -> np.ndarray:
    grid = PENALTIES * path.scale if penalties is None else np.asarray(penalties, dtype=np.float64)
    if grid.size < 1 or not (grid > 0).all():
        raise ValueError("penalties must be positive numbers, one at least")
    return grid


def leave_one_out(features: np.ndarray | PrincipalAxes, labels: np.ndarray, *, balanced: bool = False) -> float:
    """The share of items that `leave_one_out_classes` gets right."""
    return leave_one_out_classes(features, labels, balanced=balanced).mean


SCORE = Score(function=leave_one_out, needs=("axes", "labels"), low="0", high="1", imbalance="option")
