"""Class confusion: how much predictions of unlabelled items waver between the same classes.

Jin, Wang, Long & Wang 2020, arXiv:1912.03699, eq. 2-6: with p_i = softmax(z_i / T) and weights w_i of mean 1 that grow with
how sure an item is, w_i proportional to 1 + exp(-H(p_i)),

    C_jk = sum_i w_i p_ij p_ik,    C~ = C with rows of sum 1,    L = 1/n_classes sum_j sum_(k != j) C~_jk

A class that nothing is predicted to be has no row and no share.
"""

from __future__ import annotations

import torch
from torch import Tensor

from transferkit.ops.domain_losses.multilinear_map import entropy_weights


def class_confusion(logits: Tensor, temperature: float = 2.5) -> Tensor:
    """Confusion of logits (n, n_classes), 0 to 1: 0 where every item is sure, 1 - 1/n_classes where none knows anything.

    >>> round(float(class_confusion(torch.zeros(4, 5))), 4)
    0.8
    """
    probabilities = torch.softmax(logits / temperature, dim=1)
    weights = entropy_weights(probabilities)
    confusion = (probabilities * weights[:, None]).T @ probabilities  # (n_classes, n_classes)
    rows = confusion / confusion.sum(dim=1, keepdim=True).clamp_min(torch.finfo(logits.dtype).tiny)
    return (rows.sum() - rows.diagonal().sum()) / len(rows)
