"""Open border: a classifier's class "unknown", taught on items of which nobody says whether they are of a known class.

Saito, Yamamoto, Ushiku & Harada 2018, arXiv:1804.10427, eq. 3: with p the probability of "unknown" and t the border,

    L = - mean_i ( t log p_i + (1 - t) log(1 - p_i) )

The classifier lowers it, which puts every item on the border; the features raise it, which drives each to one side.
"""

from __future__ import annotations

import torch
from torch import Tensor


def open_border(logits: Tensor, unknown: int, border: float = 0.5) -> Tensor:
    """L of logits (n, n_classes), of which column `unknown` is that of no known class.

    >>> round(float(open_border(torch.tensor([[0.0, 0.0]]), unknown=1)), 4)
    0.6931
    """
    everything = logits.logsumexp(dim=1)
    known = torch.cat([logits[:, :unknown], logits[:, unknown + 1 :]], dim=1).logsumexp(dim=1)
    return -(border * (logits[:, unknown] - everything) + (1 - border) * (known - everything)).mean()
