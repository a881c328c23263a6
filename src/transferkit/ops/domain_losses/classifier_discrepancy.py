"""Classifier discrepancy: how far two classifiers differ on the same items.

Saito, Watanabe, Ushiku & Harada 2018, arXiv:1712.02560, eq. 2: the mean absolute difference of their probabilities.
"""

from __future__ import annotations

from torch import Tensor


def classifier_discrepancy(first: Tensor, second: Tensor) -> Tensor:
    """Of logits (n, n_classes) each: 0 where both say the same, 2 / n_classes where they are sure of different classes.

    >>> import torch
    >>> sure = 99 * torch.eye(4)
    >>> round(float(classifier_discrepancy(sure, sure.roll(1, 0))), 4)
    0.5
    """
    return (first.softmax(dim=1) - second.softmax(dim=1)).abs().mean()
