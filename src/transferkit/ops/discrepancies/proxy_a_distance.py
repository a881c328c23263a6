"""Proxy A-distance: how well a linear classifier tells two samples apart, on items it has not seen.

    2 (1 - 2 error),    0 where it does no better than chance, 2 where it is never wrong

Ben-David, Blitzer, Crammer & Pereira 2007, NeurIPS, "Analysis of representations for domain adaptation": the H-divergence with
the error of a trained classifier in place of the least error of its class. The classifier here is ridge on the samples' names,
its penalty chosen by exact leave-one-out on the items it learns from; both samples count alike whatever their sizes; every item
is judged once, by the fit of the other folds, so that few items of many columns are not far apart by memory alone. An error
above a half is chance that turned out badly and counts as a half.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from transferkit.ops.discrepancies.two_samples import all_finite, two_samples
from transferkit.ops.folds import folds
from transferkit.ops.ridge import ridge_coefficients
from transferkit.ops.scores.inputs import balancing_weights
from transferkit.ops.scores.leave_one_out import leave_one_out_classes


def proxy_a_distance(x: Tensor, y: Tensor, *, n_folds: int = 5, seed: int = 0) -> float:
    """Proxy A-distance of x (n, d) and y (m, d), 0 to 2; the same number twice.

    Use it to say how large a shift is; not as a loss, for it has no gradient. Samples smaller than `n_folds` make fewer folds.
    Raises ValueError for samples of different width, of fewer than 3 items or with values that are not finite.

    >>> x = torch.arange(8.0)[:, None]
    >>> proxy_a_distance(x, x + 100), proxy_a_distance(x, x)
    (2.0, 0.0)
    """
    two_samples(x, y, least=3)
    all_finite(x, y)
    items = torch.cat([x, y]).detach().cpu().double().numpy()  # (n + m, d)
    names = np.repeat([0, 1], [len(x), len(y)])
    scale = items.std(axis=0)
    items = (items - items.mean(axis=0)) / np.where(scale > 0, scale, 1)  # a column's unit should not matter
    held_out = folds(names, min(n_folds, len(x), len(y)), seed)
    wrong = np.empty(len(names))
    for fold in range(held_out.max() + 1):
        judged, learned = held_out == fold, held_out != fold
        penalty = leave_one_out_classes(items[learned], names[learned], balanced=True).penalty
        slopes, intercept = ridge_coefficients(
            items[learned], 2.0 * names[learned, None] - 1, penalty, balancing_weights(names[learned])
        )
        outputs = (items[judged] @ slopes + intercept)[:, 0]
        wrong[judged] = np.where(outputs == 0, 0.5, (outputs > 0) != names[judged])
    error = (wrong[names == 0].mean() + wrong[names == 1].mean()) / 2
    return float(max(0.0, 2 * (1 - 2 * error)))
