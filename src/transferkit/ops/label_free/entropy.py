"""Entropy: how sure the model is of each target item, on average.

    entropy = -mean_i H(p_i),    H(p) = -sum_c p_c ln p_c

Grandvalet & Bengio 2005 train by it; Morerio, Cavazza & Murino 2018 (arXiv:1711.10288) choose by it. Fails where it is
trained by: a model that puts all items surely into one class has the best value there is. Cost O(n C). No label is read.
"""

from __future__ import annotations

from scipy.special import entr

from transferkit.ops.label_free.judged import Judged
from transferkit.ops.label_free.score import LabelFreeScore


def entropy(judged: Judged) -> float:
    """Negative mean entropy of the target predictions, nats; higher is surer.

    >>> import numpy as np
    >>> round(entropy(Judged(target_probabilities=np.array([[1.0, 0.0], [0.5, 0.5]]))), 4)
    -0.3466
    """
    return -float(entr(judged.target_probabilities).sum(axis=1).mean())


SCORE = LabelFreeScore(function=entropy, low="-ln C", high="0")
