"""Information maximisation: sure of each target item, and yet using all classes.

Shi & Sha 2012, arXiv:1206.6438, eq. 4: the mutual information of item and predicted class,

    I = H(mean_i p_i) - mean_i H(p_i),    H(p) = -sum_c p_c ln p_c

A model that has collapsed to one class scores 0, as one that knows nothing. Fails where the target's classes truly are
uneven (it favours predicting them evenly) and where clusters are told apart but given the wrong names. Cost O(n C).
"""

from __future__ import annotations

from scipy.special import entr

from transferkit.ops.label_free.judged import Judged
from transferkit.ops.label_free.score import LabelFreeScore


def information_maximisation(judged: Judged) -> float:
    """Mutual information of target item and predicted class, nats, 0 to ln C; higher is better.

    >>> import numpy as np
    >>> round(information_maximisation(Judged(target_probabilities=np.eye(2))), 4)
    0.6931
    """
    table = judged.target_probabilities
    # 0 by Jensen's inequality and less than 0 by rounding alone
    return max(float(entr(table.mean(axis=0)).sum() - entr(table).sum(axis=1).mean()), 0.0)


SCORE = LabelFreeScore(function=information_maximisation, low="0", high="ln C")
