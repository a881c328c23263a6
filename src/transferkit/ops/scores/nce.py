"""NCE: how little is left to say about the target's label once the source's label of the same item is known.

Tran, Nguyen & Hassner 2019, arXiv:1908.08142: the negative conditional entropy of the labels Y given the source labels
Z,

    NCE = sum_zy P(y, z) ln P(y | z),     P the shares of the items

Source labels are either true ones or, as here usually, the class the source's head finds most likely; NCE is then LEEP
of those guesses taken as certain. Differs from the released code: nothing is added to the shares, so an impossible pair
adds 0.

Cost O(n + z C). Bounds -H(Y) <= NCE <= 0, H(Y) <= ln C. Fails where there are few items a source class: n items that
all fall into different source classes give 0 whatever their labels. A class weighs as its share of the items; say
`balanced`, and every class weighs alike.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.scores.inputs import balancing_weights, checked_labels
from transferkit.ops.scores.score import Score


def nce(source_labels: np.ndarray, labels: np.ndarray, *, balanced: bool = False) -> float:
    """Negative conditional entropy of class numbers (n,) given source class numbers (n,); nats, higher is better.

    >>> nce(np.array([7, 7, 2, 2]), np.array([0, 0, 1, 1]))
    0.0
    """
    source_labels = np.asarray(source_labels)
    if source_labels.ndim != 1 or not np.issubdtype(source_labels.dtype, np.integer):
        raise ValueError(
            f"source labels must be one class number an item, got {source_labels.dtype} {source_labels.shape}"
        )
    labels = checked_labels(labels, len(source_labels))
    weights = balancing_weights(labels) if balanced else np.ones(len(labels))
    classes, labels = np.unique(labels, return_inverse=True)
    source_classes, source_labels = np.unique(source_labels, return_inverse=True)
    joint = np.zeros((len(source_classes), len(classes)))
    np.add.at(joint, (source_labels, labels), weights / len(labels))
    told = (joint / joint.sum(axis=1, keepdims=True))[source_labels, labels]  # (n,): P(y_i | z_i)
    return float(np.average(np.log(told), weights=weights))


SCORE = Score(function=nce, needs=("source_labels", "labels"), low="-ln C", high="0", imbalance="option")
