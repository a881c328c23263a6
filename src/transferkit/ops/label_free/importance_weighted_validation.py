"""Importance-weighted validation: accuracy on held-out source items, those that look like target items counting more.

Sugiyama, Krauledat & Müller 2007 (JMLR 8): with w(x) the density ratio of target to source,

    1 - sum_i w_i [wrong_i] / sum_i w_i

Differs from the paper: weights are of the model's features, not of its inputs (as You et al. 2019 do), and divided by their
sum, which keeps it between 0 and 1 and costs a bias of order 1/n. Unbiased where only the inputs shift; few items carry all
the weight where source and target hardly overlap. Cost that of the density ratio.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.label_free.density_ratio import density_ratio
from transferkit.ops.label_free.judged import Judged
from transferkit.ops.label_free.score import LabelFreeScore


def importance_weighted_validation(judged: Judged) -> float:
    """Estimated target accuracy, 0 to 1; higher is better."""
    table, labels = judged.held_out()
    return weighted_accuracy(density_ratio(*judged.both_features()), table.argmax(axis=1) == labels)


def weighted_accuracy(weights: np.ndarray, right: np.ndarray) -> float:
    """Share of weight (n,) on items that are right (n,).

    >>> weighted_accuracy(np.array([3.0, 1.0]), np.array([True, False]))
    0.75
    """
    return float(np.average(right, weights=weights))


SCORE = LabelFreeScore(
    function=importance_weighted_validation,
    needs=frozenset({"source", "features"}),
    low="0",
    high="1",
    is_accuracy=True,
)
