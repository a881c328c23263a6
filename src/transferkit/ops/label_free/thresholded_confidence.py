"""Thresholded confidence: the share of target items the model is surer of than it is of a source item it gets wrong.

ATC of Garg et al. 2022, arXiv:2201.04234, eq. 4: with s(p) = -H(p) how sure the model is, the threshold t is put where as
many held-out source items are below it as are wrong,

    mean_source [s(p) < t] = source error        estimated target accuracy = mean_target [s(p) >= t]

An accuracy, 0 to 1, sound as far as confidence keeps its meaning from source to target. A collapsed model that is sure of
everything is believed. Cost O(n C).
"""

from __future__ import annotations

import numpy as np
from scipy.special import entr

from transferkit.ops.label_free.judged import Judged
from transferkit.ops.label_free.score import LabelFreeScore


def thresholded_confidence(judged: Judged) -> float:
    """Estimated target accuracy, 0 to 1; higher is better.

    >>> source = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4]])  # the last is wrong: the threshold is above 0.6
    >>> target = np.array([[0.7, 0.3], [0.85, 0.15], [0.05, 0.95], [0.99, 0.01]])
    >>> labels = np.array([0, 0, 1])
    >>> thresholded_confidence(Judged(target_probabilities=target, source_probabilities=source, source_labels=labels))
    0.75
    """
    table, labels = judged.held_out()
    sure = np.sort(-entr(table).sum(axis=1))
    wrong = int((table.argmax(axis=1) != labels).sum())
    if wrong == len(labels):
        return 0.0
    return float((-entr(judged.target_probabilities).sum(axis=1) >= sure[wrong]).mean())


SCORE = LabelFreeScore(
    function=thresholded_confidence, needs=frozenset({"source"}), low="0", high="1", is_accuracy=True
)
