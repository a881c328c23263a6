"""Domain confusion: how well a discriminator tells source from target; who makes features has it fail.

    L = - 1/2 mean_s w_s log D(s) - 1/2 mean_t w_t log(1 - D(t))

the binary cross-entropy of Ganin & Lempitsky 2015 (arXiv:1409.7495, eq. 4), both domains counted alike whatever their sizes.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def domain_confusion(
    source: Tensor, target: Tensor, source_weights: Tensor | None = None, target_weights: Tensor | None = None
) -> Tensor:
    """Cross-entropy of logits `source` (n,) that should be high and `target` (m,) that should be low; ln 2 for a coin.

    Weights (n,) and (m,) are taken as they are: their mean should be 1.

    >>> import torch
    >>> round(float(domain_confusion(torch.zeros(3), torch.zeros(5))), 4)
    0.6931
    """
    of_source, of_target = functional.softplus(-source), functional.softplus(target)
    if source_weights is not None:
        of_source = of_source * source_weights
    if target_weights is not None:
        of_target = of_target * target_weights
    return (of_source.mean() + of_target.mean()) / 2
