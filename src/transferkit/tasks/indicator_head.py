"""A linear head for tags on frozen features, without gradient steps: ridge on the indicators, read as log-odds.

One ridge regression of all tags' indicators, the penalty that of the least leave-one-out error. What it says of left-out items
becomes log-odds by Platt's scaling, a line for each tag (Platt 1999, with his smoothed targets, which keep the line finite
where all are right), so that its probabilities speak of items it has not seen.
"""

from __future__ import annotations

import numpy as np

from transferkit.core.errors import Failed
from transferkit.core.task import ClosedForm

STEPS = 60
"""Of Newton's method at most."""
LEAST_CURVATURE = 1e-6
"""Added to the curvature, in units of the weights: tags whose outputs do not vary keep a finite step."""


def indicator_head(
    features: np.ndarray, borne: np.ndarray, weights: np.ndarray, item_weights: np.ndarray | None = None
) -> ClosedForm:
    """Features (n, d), indicators (n, C) bool -> logits (n, C).

    weights: (C,) how much more an item counts for a tag that it bears, as in the loss of the task.
    """
    from transferkit.ops.ridge import ridge_coefficients
    from transferkit.ops.scores.leave_one_out import leave_one_out_numbers

    wide, targets = np.asarray(features, dtype=np.float64), borne.astype(np.float64)
    try:
        found = leave_one_out_numbers(wide, targets, weights=item_weights)
    except ValueError as reason:
        raise Failed(f"no linear head can be fitted: {reason}") from None
    slope, intercept = ridge_coefficients(wide, targets, found.penalty, item_weights)
    counts = np.where(borne, weights, 1.0) * (1.0 if item_weights is None else item_weights[:, None])
    scale, shift = log_odds_lines(found.predictions, borne, counts)
    settings = {"penalty": found.penalty, "leave_one_out": found.mean}
    return ClosedForm(scale[:, None] * slope.T, scale * intercept + shift, settings)


def log_odds_lines(outputs: np.ndarray, borne: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(C,) scales and (C,) shifts under which sigmoid(scale * output + shift) is likeliest, for outputs, indicators and
    how much each decision counts, all (n, C)."""
    n_with, n_without = borne.sum(axis=0), (~borne).sum(axis=0)
    targets = np.where(borne, (n_with + 1) / (n_with + 2), 1 / (n_without + 2))
    total = counts.sum(axis=0)
    share = (counts * targets).sum(axis=0) / total
    scale, shift = np.zeros(outputs.shape[1]), np.log(share / (1 - share))
    loss = _loss(outputs, targets, counts, scale, shift)
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(-(scale * outputs + shift)))
        error, curve = counts * (chance - targets), counts * chance * (1 - chance)
        slope_a, slope_b = (error * outputs).sum(axis=0), error.sum(axis=0)
        aa = (curve * outputs**2).sum(axis=0) + LEAST_CURVATURE * total
        ab, bb = (curve * outputs).sum(axis=0), curve.sum(axis=0) + LEAST_CURVATURE * total
        determinant = aa * bb - ab**2
        step_a, step_b = (bb * slope_a - ab * slope_b) / determinant, (aa * slope_b - ab * slope_a) / determinant
        length = np.ones_like(scale)
        for _ in range(20):  # the loss is convex: halving finds a step that does not raise it
            tried = _loss(outputs, targets, counts, scale - length * step_a, shift - length * step_b)
            worse = tried > loss + 1e-12 * total
            if not worse.any():
                break
            length = np.where(worse, length / 2, length)
        length = np.where(worse, 0.0, length)
        scale, shift = scale - length * step_a, shift - length * step_b
        before, loss = loss, _loss(outputs, targets, counts, scale, shift)
        if (before - loss <= 1e-10 * total).all():
            break
    return scale, shift


def _loss(
    outputs: np.ndarray, targets: np.ndarray, counts: np.ndarray, scale: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    """(C,) summed cross-entropy."""
    logits = scale * outputs + shift
    losses: np.ndarray = (counts * (np.logaddexp(0.0, logits) - targets * logits)).sum(axis=0)
    return losses
