"""Multilinear map: features and predicted classes as one vector that says which features go with which class.

Long, Cao, Wang & Jordan 2018, arXiv:1705.10667, eq. 5-7: the outer product f x g, (n, d C) numbers; where these are too many a
random map of the same expected inner products,

    T(f, g) = (R_f f) * (R_g g) / sqrt(k),    entries of R_f, R_g from N(0, 1), * elementwise

and eq. 8: items whose classes are sure count more, w = 1 + exp(-H(g)), scaled here to mean 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

MOST = 4096
"""Numbers of the outer product up to which it is taken itself."""


def outer_product(features: Tensor, probabilities: Tensor) -> Tensor:
    """features (n, d), probabilities (n, C) -> (n, C d).

    >>> outer_product(torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5, 0.5]]))
    tensor([[0.5000, 1.0000, 0.5000, 1.0000]])
    """
    return (probabilities[:, :, None] * features[:, None, :]).flatten(1)


def multilinear_map(
    width: int, n_classes: int, generator: torch.Generator, most: int = MOST
) -> tuple[int, Callable[[Tensor, Tensor], Tensor]]:
    """How many numbers the map of features (n, `width`) and probabilities (n, `n_classes`) gives, and the map."""
    if width * n_classes <= most:
        return width * n_classes, outer_product
    of_features = torch.randn(width, most, generator=generator)
    of_classes = torch.randn(n_classes, most, generator=generator)

    def randomised(features: Tensor, probabilities: Tensor) -> Tensor:
        left, right = features @ of_features.to(features), probabilities @ of_classes.to(features)
        return left * right / math.sqrt(most)

    return most, randomised


def entropy_weights(probabilities: Tensor) -> Tensor:
    """(n,) of mean 1: sure items count up to twice as much as those that know nothing. Without a gradient.

    >>> weights = entropy_weights(torch.tensor([[1.0, 0.0], [0.5, 0.5]]))
    >>> round(float(weights[0] / weights[1]), 4)  # 2 to 1 + 1/2
    1.3333
    """
    weights = 1 + torch.exp(-entropies(probabilities.detach()))
    return weights / weights.mean()


def entropies(probabilities: Tensor) -> Tensor:
    """(n,) nats of probabilities (n, C)."""
    result: Tensor = torch.special.entr(probabilities).sum(dim=1)
    return result
