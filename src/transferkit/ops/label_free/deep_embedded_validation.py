"""Deep embedded validation: importance-weighted validation on the model's own features, with its variance controlled.

DEV of You et al. 2019 (ICML), eq. 11-12. With w_i the density ratio of target to source at held-out source item i, l_i = 1
where the model is wrong, and L_i = w_i l_i,

    risk = mean(L) + eta (mean(w) - 1),    eta = -cov(L, w) / var(w)

for w has mean 1 in truth, so that how far its mean is off tells how far mean(L) is off. The value is 1 - risk; the control
variate may carry it beyond 0 and 1. Differs from the released code in how w is found (`density_ratio.py`). Cost that of the
density ratio.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.label_free.density_ratio import density_ratio
from transferkit.ops.label_free.judged import Judged
from transferkit.ops.label_free.score import LabelFreeScore


def deep_embedded_validation(judged: Judged) -> float:
    """Estimated target accuracy; higher is better."""
    table, labels = judged.held_out()
    wrong = table.argmax(axis=1) != labels
    return 1 - controlled_risk(density_ratio(*judged.both_features()), wrong.astype(np.float64))


def controlled_risk(weights: np.ndarray, losses: np.ndarray) -> float:
    """The risk of losses (n,) under density ratios (n,), with the control variate.

    >>> controlled_risk(np.array([1.0, 1.0, 1.0]), np.array([0.0, 1.0, 0.5]))
    0.5
    """
    weighted = weights * losses
    centred = weights - weights.mean()
    spread = float(centred @ centred)
    eta = -float(centred @ (weighted - weighted.mean())) / spread if spread > 0 else 0.0
    return float(weighted.mean()) + eta * (float(weights.mean()) - 1)


SCORE = LabelFreeScore(
    function=deep_embedded_validation, needs=frozenset({"source", "features"}), low="-inf", high="inf", is_accuracy=True
)
