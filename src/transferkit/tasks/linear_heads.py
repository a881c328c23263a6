"""Linear heads on frozen features, without gradient steps: ridge with the leave-one-out penalty, logistic regression.

Both give logits: their softmax is a probability. The ridge head's outputs are multiplied by the sharpness under which the
left-out items' labels are most likely (`ops/scores/leave_one_out.py`), so that what it says of its own certainty is true
of items it has not seen.
"""

from __future__ import annotations

import warnings

import numpy as np

from transferkit.core.errors import Failed
from transferkit.core.task import ClosedForm

STRENGTHS = np.logspace(-4, 2, 7)
"""C of logistic regression on standardised features, to choose from."""
FOLDS = 5


def ridge_head(
    features: np.ndarray, labels: np.ndarray, n_classes: int, item_weights: np.ndarray | None = None
) -> ClosedForm:
    """Features (n, d), labels (n,) 0 ... n_classes - 1 -> logits; the penalty by exact leave-one-out."""
    from transferkit.ops.ridge import ridge_coefficients
    from transferkit.ops.scores.inputs import one_hot
    from transferkit.ops.scores.leave_one_out import leave_one_out_classes

    wide = np.asarray(features, dtype=np.float64)
    try:
        found = leave_one_out_classes(wide, labels, n_classes=n_classes, weights=item_weights)
    except ValueError as reason:
        raise Failed(f"no linear head can be fitted: {reason}") from None
    slope, intercept = ridge_coefficients(wide, one_hot(labels, n_classes), found.penalty, item_weights)
    settings = {"penalty": found.penalty, "sharpness": found.sharpness, "leave_one_out": found.mean}
    return ClosedForm(found.sharpness * slope.T, found.sharpness * intercept, settings)


def logistic_head(
    features: np.ndarray,
    labels: np.ndarray,
    n_classes: int,
    item_weights: np.ndarray | None = None,
    standardised: bool = True,
) -> ClosedForm:
    """Features (n, d), labels (n,) -> logits of multinomial logistic regression, its strength chosen by inner folds.

    `standardised` False: features that share a scale, such as probabilities, are penalised on it.

    Classes with too few items for `FOLDS` folds get as many folds as the rarest class has items; where that is one, the
    middle strength is taken.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.model_selection import StratifiedKFold

    from transferkit.ops.scores.inputs import checked_features

    try:
        wide = checked_features(features)
    except ValueError as reason:
        raise Failed(f"no linear head can be fitted: {reason}") from None
    weights = np.ones(len(labels)) if item_weights is None else np.asarray(item_weights, dtype=np.float64)
    mean, spread = wide.mean(axis=0), np.maximum(wide.std(axis=0), 1e-8) if standardised else np.ones(wide.shape[1])
    scaled, turn = _in_few_columns((wide - mean) / spread)
    present, positions = np.unique(labels, return_inverse=True)

    def fitted(strength: float, rows: np.ndarray) -> LogisticRegression:
        with warnings.catch_warnings():  # a slightly loose optimum changes no choice
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.filterwarnings(
                "ignore", "The number of unique classes", UserWarning
            )  # few items a class are usual
            return LogisticRegression(C=strength, max_iter=500).fit(scaled[rows], positions[rows], weights[rows])

    folds = min(FOLDS, int(np.bincount(positions).min()))
    strength = float(STRENGTHS[len(STRENGTHS) // 2])
    if folds >= 2:
        parts = list(StratifiedKFold(folds, shuffle=True, random_state=0).split(scaled, positions))

        def loss(candidate: float) -> float:
            chances = np.zeros((len(labels), len(present)))
            for kept, held in parts:
                chances[held] = fitted(candidate, kept).predict_proba(scaled[held])
            return float(log_loss(positions, chances, sample_weight=weights))

        strength = float(min(STRENGTHS, key=loss))
    model = fitted(strength, np.arange(len(labels)))
    slope, intercept = _all_rows(model.coef_ if turn is None else model.coef_ @ turn.T, model.intercept_)
    weight = np.zeros((n_classes, wide.shape[1]))
    bias = np.full(n_classes, intercept.min() - 20.0)  # a class without items is never predicted
    weight[present] = slope / spread
    bias[present] = intercept - (slope / spread) @ mean
    return ClosedForm(weight, bias, {"strength": strength})


def _in_few_columns(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Rows (n, d) in n columns where d is larger, with the (d, n) that turns them so: a penalised solution lies in their span,
    and a turn changes no penalty."""
    if rows.shape[1] <= rows.shape[0]:
        return rows, None
    turn, turned = np.linalg.qr(rows.T)
    return turned.T, turn


def _all_rows(slope: np.ndarray, intercept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two classes come as one row; their softmax is that row against its negative, halved."""
    if len(slope) > 1:
        return slope, intercept
    return np.concatenate([-slope, slope]) / 2, np.concatenate([-intercept, intercept]) / 2
