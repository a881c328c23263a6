"""H-divergence: how well the best of a class of hypotheses tells two samples apart.

    d_H = 2 (1 - min over h in H of (share of x that h calls y  +  share of y that h calls x))

Ben-David et al. 2010, Machine Learning 79, Lemma 2; what DANN bounds (Ganin et al. 2016, arXiv:1505.07818, equation 2). H here
are the thresholds on one column, either way round, for which the minimum is exact: 2 max over columns of the Kolmogorov-Smirnov
statistic. Give other hypotheses by their scores: the columns of `features @ directions` make it half-spaces, the output of
a domain classifier makes it that classifier at its best threshold.

Differs from the proxy A-distance, which has the same form (2 (1 - 2 error), error the mean of the two shares): this is the
minimum itself and not what training found, over the very items it is measured on, so it is above 0 for samples of one
distribution too, the more so the more columns there are and the fewer items.
"""

from __future__ import annotations

import torch
from torch import Tensor

from transferkit.ops.discrepancies.two_samples import all_finite, two_samples


def h_divergence(x: Tensor, y: Tensor) -> float:
    """H-divergence of x (n, d) and y (m, d) for thresholds on their columns, 0 to 2, without a gradient.

    Raises ValueError for samples of different width, of fewer than 2 items or with values that are not finite.

    >>> x = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
    >>> h_divergence(x, x), h_divergence(x, x + 2), h_divergence(x, x + 9)
    (0.0, 1.0, 2.0)
    """
    two_samples(x, y)
    all_finite(x, y)
    columns = [sample.detach().mT.contiguous().sort(dim=1).values for sample in (x, y)]  # (d, n), (d, m)
    values = torch.cat(columns, dim=1)  # every threshold that matters
    below = [torch.searchsorted(c, values, right=True).double() / c.shape[1] for c in columns]  # (d, n + m) shares
    return 2 * float((below[0] - below[1]).abs().max())
