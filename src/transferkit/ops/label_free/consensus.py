"""Consensus: how far each of several models agrees with what the others say of the target.

After EnsV (Hu et al. 2024): what all candidates say together is right more often than most of them say alone, so nearness to
it orders them by their target accuracy, and a model gone astray is far from it. With p_ic of one model and q_ic the mean over
the other groups of models, each group (an arm in its epochs) with one vote,

    consensus = mean_i sum_c p_ic q_ic

the probability that a label drawn from the model is one drawn from the others. Differs from the paper, which counts equal most
likely classes, lets a model vote for itself, and many like variants of one method outvote the rest. Between 0 and 1, higher is
better. Misled where most candidates are wrong alike. It speaks of several models together, so it is no `SCORE`.
Cost O(m n C).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np


def consensus(tables: Sequence[np.ndarray], groups: Sequence[Hashable] | None = None) -> np.ndarray:
    """(m,) agreement of m models' target probabilities, (n, C) each, with the other groups; higher is better.

    `groups`: m names, equal for models that share a vote; None: each model by itself. Of a single group it is 1.

    >>> sure = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> consensus([sure, sure, 1 - sure])
    array([0.5, 0.5, 0. ])
    """
    if len({table.shape for table in tables}) != 1:
        raise ValueError(f"all models must be judged on the same items, got {sorted({t.shape for t in tables})}")
    names = list(range(len(tables)) if groups is None else groups)
    votes = {name: np.zeros(tables[0].shape) for name in names}
    for table, name in zip(tables, names, strict=True):
        votes[name] += table / names.count(name)
    if len(votes) == 1:
        return np.ones(len(tables))
    together = np.sum(list(votes.values()), axis=0)
    others = [(together - votes[name]) / (len(votes) - 1) for name in names]
    return np.array([float(np.einsum("nc,nc->", *pair)) / len(tables[0]) for pair in zip(tables, others, strict=True)])
