"""Energy: how familiar the items look to the source; the label-free half of ETran.

Gholami, Akbari, Wang, Kamranian & Zhang 2023, arXiv:2308.02027, after Liu et al. 2020 (arXiv:2010.03759): items like
those a network was trained on have a low free energy -ln sum_k exp(f_k). The score is its negative, averaged,

    energy = 1/n sum_i ln sum_k exp(f_ik)

with f the logits of a head or, as in the released code and here by default, the features. Differs from the released
code: the mean is over all items, not over the tail of the least familiar; ETran's other half, linear discriminant
analysis, is `lda`.

Cost O(n d). Bounds: the mean and the largest of each item's f, roughly; unbounded otherwise. No label is read, so it
cannot tell one target on the same items from another. Not free of the unit of f (ten times the features are another
score), and it grows as ln d with their number: it compares sources of one kind and width, and little else. Use it
beside scores that read labels, never alone.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.scores.inputs import checked_features
from transferkit.ops.scores.score import Score


def energy(values: np.ndarray) -> float:
    """Mean negative free energy of features or logits (n, d); higher is more familiar.

    >>> round(energy(np.array([[0.0, 0.0], [0.0, 1.0]])), 3)
    1.003
    """
    values = checked_features(values)
    largest = values.max(axis=1, keepdims=True)
    return float((np.log(np.exp(values - largest).sum(axis=1)) + largest[:, 0]).mean())


SCORE = Score(function=energy, needs=("features",), low="-inf", high="inf", imbalance="none")
