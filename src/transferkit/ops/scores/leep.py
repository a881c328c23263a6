"""LEEP: how well the source's own classes tell the target's, without touching the network.

Nguyen, Hassner, Seeger & Archambeau 2020, arXiv:2002.12462, eq. 2. With theta_i (z,) what the source's head makes of
item i, as probabilities over its own z classes, each source class is read as the mixture of target classes it goes
along with:

    P(y | z) = sum_i theta_i(z) [y_i = y] / sum_i theta_i(z)
    LEEP = 1/n sum_i ln sum_z P(y_i | z) theta_i(z)

Cost O(n z + z C). Bounds -H(Y) <= LEEP <= 0 (Jensen), H(Y) <= ln C the entropy of the labels; 0 where the source
classes tell all. Hears only what the head says: features that hold more than the head tells go unheard, and a head of
few classes is poor at any target of more. Fails where n is not much larger than z: each source class then belongs to
the few items it saw, and a confident head scores near 0 on any labels. A class weighs as its share of the items; say
`balanced`, and every class weighs alike.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.scores.inputs import balancing_weights, checked_labels, sparse_one_hot
from transferkit.ops.scores.score import Score


def leep(outputs: np.ndarray, labels: np.ndarray, *, balanced: bool = False) -> float:
    """LEEP of source-class probabilities (n, z) for class numbers (n,); nats an item, higher is better.

    >>> outputs = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    >>> round(leep(outputs, np.array([0, 0, 1, 1])), 3)
    -0.239
    """
    outputs = checked_probabilities(outputs)
    labels = checked_labels(labels, len(outputs))
    labels = np.unique(labels, return_inverse=True)[1]
    weights = balancing_weights(labels) if balanced else np.ones(len(labels))
    joint = sparse_one_hot(labels).T @ (weights[:, None] * outputs)  # (C, z)
    occurs = joint.sum(axis=0) > 0
    given_source = joint[:, occurs] / joint[:, occurs].sum(axis=0)  # (C, z): P(y | z)
    told = np.einsum("nz,nz->n", outputs[:, occurs], given_source[labels])  # (n,)
    return float(np.average(np.log(told), weights=weights))


def checked_probabilities(outputs: np.ndarray) -> np.ndarray:
    """Probabilities (n, z) as float64; refuses what is not finite, negative, or does not sum to 1 in every row."""
    outputs = np.asarray(outputs)
    if outputs.ndim != 2 or outputs.shape[0] < 2 or outputs.shape[1] < 2:
        raise ValueError(f"outputs must be a table of two items and two source classes or more, got {outputs.shape}")
    outputs = outputs.astype(np.float64)
    if not np.isfinite(outputs).all():
        row = int(np.flatnonzero(~np.isfinite(outputs).all(axis=1))[0])
        raise ValueError(f"the outputs of item {row} are not finite")
    sums = outputs.sum(axis=1)
    wrong = (outputs < 0).any(axis=1) | (np.abs(sums - 1) > 1e-3)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(
            f"outputs must be probabilities; those of item {row} sum to {sums[row]:.4g} (softmax of logits?)"
        )
    normalised: np.ndarray = outputs / sums[:, None]
    return normalised


SCORE = Score(function=leep, needs=("outputs", "labels"), low="-ln C", high="0", imbalance="option")
