"""Confidence transport: how sure the model could be of the target items if their classes came in the source's shares.

COT of Lu et al. 2023, arXiv:2305.15640: one minus the cost of carrying the target predictions p_i to one-hot labels y drawn as
in the source, at cost 1/2 |p - e_y|_1 = 1 - p_y. So it is the mean probability under the best assignment of classes to items
that keeps the source's shares,

    max over assignments y with #{i: y_i = c} <= ceil(n share_c)  of  mean_i p_i[y_i]

where the ceiling, our own, leaves a class one item more rather than rounding some classes up and others down.

A model that has collapsed to one class cannot score above that class's share: this is the guard against it. Where the
target's classes come in other shares (label shift), a right model is charged for it by half the total difference of the shares.
Source shares are counted among the held-out items; without any source, classes are taken to be alike in number. Exact, by the
Hungarian method, on at most `MOST` items, always the same ones. Cost O(n C) and at most O(MOST^3), 0.1 s usually.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.label_free.judged import Judged
from transferkit.ops.label_free.score import LabelFreeScore

MOST = 1000


def confidence_transport(judged: Judged) -> float:
    """Estimated target accuracy, 0 to 1; higher is better.

    >>> surely_first = np.array([[1.0, 0.0], [1.0, 0.0]])
    >>> confidence_transport(Judged(target_probabilities=surely_first))
    0.5
    """
    from scipy.optimize import linear_sum_assignment

    table = judged.target_probabilities
    if len(table) > MOST:
        table = table[np.random.default_rng(0).permutation(len(table))[:MOST]]
    n_classes = judged.n_classes
    shares = np.full(n_classes, 1 / n_classes)
    if judged.source_labels is not None:
        shares = np.bincount(judged.source_labels, minlength=n_classes) / len(judged.source_labels)
    room = np.ceil(len(table) * shares - 1e-9).astype(np.int64)
    gained = table[
        :, np.repeat(np.arange(n_classes), room)
    ]  # (n, m), m >= n: a column for each item a class has room for
    return float(gained[linear_sum_assignment(gained, maximize=True)].mean())


SCORE = LabelFreeScore(function=confidence_transport, low="0", high="1", is_accuracy=True)
