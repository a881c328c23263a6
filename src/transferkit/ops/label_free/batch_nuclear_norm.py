"""Batch nuclear norm: predictions that are sure (large) and diverse (of high rank) at once.

Cui et al. 2020, arXiv:2003.12237: the sum of the singular values of the prediction matrix P (n, C). It is at most
sqrt(min(n, C) n), where rows are one-hot and classes alike in number; divided by that, it lies between 0 and 1 whatever n:

    ||P||_* / sqrt(min(n, C) n)

Differs from the paper, which divides by n or not at all. Favours even classes, as information maximisation does. Cost
O(n C min(n, C)).
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.label_free.judged import Judged
from transferkit.ops.label_free.score import LabelFreeScore


def batch_nuclear_norm(judged: Judged) -> float:
    """Nuclear norm of the target predictions as a share of the largest there can be; higher is better.

    >>> round(batch_nuclear_norm(Judged(target_probabilities=np.eye(3))), 6)
    1.0
    """
    table = judged.target_probabilities
    singular = np.linalg.svd(table, compute_uv=False)
    return min(float(singular.sum()) / float(np.sqrt(min(table.shape) * len(table))), 1.0)


SCORE = LabelFreeScore(function=batch_nuclear_norm, low="0", high="1")
