"""Margin disparity: how well a second classifier can agree with the first on the source and contradict it on the target.

Zhang, Liu, Long & Jordan 2019, arXiv:1904.05801, eq. 29-30: with y the class that the first classifier chooses, p' the
probabilities of the second and gamma = exp(margin),

    D = mean_t log(1 - p'_y) + gamma mean_s log p'_y

The second classifier raises D, the features lower it. log is of at least `LEAST`, as a probability of 1 has no log(1 - p).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

LEAST = 1e-6


def margin_disparity(
    source: Tensor,
    source_second: Tensor,
    target: Tensor,
    target_second: Tensor,
    gamma: float = 4.0,
    source_weights: Tensor | None = None,
) -> Tensor:
    """D of the logits (n, n_classes) and (m, n_classes) of both classifiers; at most 0. The first gets no gradient.

    Weights (n,) are taken as they are: those that the source's labels count by, of mean 1.

    >>> nothing = torch.zeros(2, 2)
    >>> round(float(margin_disparity(nothing, nothing, nothing, nothing, gamma=1.0)), 4)  # 2 ln(1/2)
    -1.3863
    """
    agreeing = functional.cross_entropy(source_second, source.argmax(dim=1), reduction="none")
    if source_weights is not None:
        agreeing = agreeing * source_weights
    chosen = target_second.softmax(dim=1).gather(1, target.argmax(dim=1, keepdim=True))[:, 0]
    contradicting = torch.log((1 - chosen + LEAST).clamp(max=1.0)).mean()
    return contradicting - gamma * agreeing.mean()
