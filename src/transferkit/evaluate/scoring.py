"""Scoring: every transferability score of one source, from its features on the open labels."""

from __future__ import annotations

import numpy as np

from transferkit.ops.scores.h_score import h_score
from transferkit.ops.scores.knn import knn
from transferkit.ops.scores.leave_one_out import LeaveOneOut, leave_one_out_classes
from transferkit.ops.scores.logme import logme


def score_classes(
    features: np.ndarray, labels: np.ndarray, n_classes: int, balanced: bool = False
) -> tuple[dict[str, float], LeaveOneOut]:
    """The scores by name, and what leave-one-out predicts for each item, for features (n, d) and labels (n,).

    `balanced`: in leave-one-out and among neighbours every class counts alike. Raises ValueError, with a short reason, where
    the features are constant or not finite.

    >>> scores, _ = score_classes(np.array([[0.0], [0.1], [1.0], [1.1]]), np.array([0, 0, 1, 1]), 2)
    >>> sorted(scores)
    ['h_score', 'knn', 'leave_one_out', 'logme']
    """
    left_out = leave_one_out_classes(features, labels, n_classes=n_classes, balanced=balanced)
    scores = {
        "leave_one_out": left_out.mean,
        "logme": logme(features, labels),
        "h_score": h_score(features, labels),
        "knn": knn(features, labels, balanced=balanced),
    }
    return scores, left_out
