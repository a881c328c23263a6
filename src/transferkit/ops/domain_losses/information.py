"""Information: of unlabelled items every one should be sure of its class, and all of them together use every class.

Liang, Hu & Feng 2020, arXiv:2002.08546, eq. 2-3 (after Shi & Sha 2012):

    L = mean_i H(p_i) - H(mean_i p_i)

which is minus the mutual information of item and class, at least -ln n_classes.
"""

from __future__ import annotations

import torch
from torch import Tensor

from transferkit.ops.domain_losses.multilinear_map import entropies


def mean_entropy(logits: Tensor) -> Tensor:
    """mean_i H(p_i), nats, of logits (n, n_classes); 0 to ln n_classes.

    >>> round(float(mean_entropy(torch.zeros(3, 2))), 4)
    0.6931
    """
    logarithms = logits.log_softmax(dim=1)
    return -(logarithms.exp() * logarithms).sum(dim=1).mean()


def information_loss(logits: Tensor) -> Tensor:
    """L of logits (n, n_classes), nats, -ln n_classes to 0; lower is more certain and more diverse.

    >>> round(float(information_loss(99 * torch.eye(2))), 4)
    -0.6931
    """
    return mean_entropy(logits) - diversity(logits)


def diversity(logits: Tensor) -> Tensor:
    """H(mean_i p_i), nats, of logits (n, n_classes); ln n_classes where all classes are predicted alike often."""
    return entropies(logits.softmax(dim=1).mean(dim=0, keepdim=True))[0]


def weighed_centres(features: Tensor, probabilities: Tensor) -> Tensor:
    """(n_classes, d) of unit length: the mean of features (n, d), each by its probability of the class (n, n_classes).

    The centres of SHOT's pseudo-labels, eq. 4; distances from them are cosine ones.
    """
    centres = probabilities.T @ torch.nn.functional.normalize(features, dim=1)
    return torch.nn.functional.normalize(centres, dim=1)


def pseudo_labels(features: Tensor, probabilities: Tensor) -> Tensor:
    """(n,) the class whose centre is nearest to each of features (n, d): equations 4-6.

    Centres are first by probabilities (n, n_classes), then by the labels that these gave; a class that no item has then is not
    given.

    >>> pseudo_labels(torch.tensor([[1.0, 0.1], [1.0, 0.0], [0.0, 1.0]]), torch.tensor([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]]))
    tensor([0, 0, 1])
    """
    unit = torch.nn.functional.normalize(features, dim=1)
    labels = probabilities.argmax(dim=1)
    for _ in range(2):
        near = unit @ weighed_centres(features, probabilities).T
        labels = near.masked_fill(probabilities.sum(dim=0) == 0, -torch.inf).argmax(dim=1)
        probabilities = torch.nn.functional.one_hot(labels, probabilities.shape[1]).to(unit)
    return labels
