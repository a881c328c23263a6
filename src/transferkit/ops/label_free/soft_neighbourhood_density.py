"""Soft neighbourhood density: each target item has many others just like it, in what the model says of them.

Saito et al. 2021, arXiv:2108.10860, eq. 2-4. With cosine similarities S of the predictions p_i and temperature t = 0.05,

    P_ij = exp(S_ij / t) / sum_{k != i} exp(S_ik / t),  j != i        SND = mean_i H(P_i)

Grows with ln n, so models are compared on the same items. A model that has collapsed to one class has the best value there
is: never use it alone. The released code draws a new subset each time; here all items count, and of more than `MOST` always
the same ones. Cost O(n^2 C) with n at most `MOST`; memory O(n).
"""

from __future__ import annotations

import numpy as np
from scipy.special import logsumexp

from transferkit.ops.label_free.judged import Judged
from transferkit.ops.label_free.score import LabelFreeScore

TEMPERATURE = 0.05
MOST = 2000
BLOCK = 256


def soft_neighbourhood_density(judged: Judged) -> float:
    """Mean entropy of the neighbourhoods of the target predictions, nats, 0 to ln(n - 1); higher is denser.

    >>> round(soft_neighbourhood_density(Judged(target_probabilities=np.eye(3))), 4)  # two others, equally near
    0.6931
    """
    table = judged.target_probabilities
    if len(table) > MOST:
        table = table[np.random.default_rng(0).permutation(len(table))[:MOST]]
    unit = table / np.linalg.norm(table, axis=1, keepdims=True)
    total = 0.0
    for start in range(0, len(unit), BLOCK):
        near = unit[start : start + BLOCK] @ unit.T / TEMPERATURE  # (b, n)
        near[np.arange(len(near)), start + np.arange(len(near))] = -np.inf
        near -= logsumexp(near, axis=1, keepdims=True)
        total -= float(np.sum(np.exp(near) * np.where(np.isneginf(near), 0.0, near)))
    return total / len(unit)


SCORE = LabelFreeScore(function=soft_neighbourhood_density, low="0", high="ln n")
