"""Alike: could two samples come from one distribution? A kernel two-sample test by permutation.

Gretton, Borgwardt, Rasch, Schölkopf & Smola 2012, "A kernel two-sample test", JMLR 13, section 5.1 with a permutation null: the
biased squared MMD with a Gaussian kernel of median width, against the same under random divisions of both samples together.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.alignment.contract import evenly
from transferkit.ops.alignment.design import median_width
from transferkit.ops.feature_maps.kernel import kernel_matrix

MOST_ITEMS = 500
"""Of each sample that are looked at."""
DIVISIONS = 199


def chance_alike(source: np.ndarray, target: np.ndarray, seed: int = 0) -> float:
    """How often so large a difference arises by chance, 1/200 to 1: small where the distributions differ. (n_s, d)
    and (n_t, d).

    >>> draw = np.random.default_rng(0)
    >>> items = draw.normal(size=(60, 2))
    >>> chance_alike(items, items + 2), chance_alike(items, items)
    (0.005, 1.0)
    """
    source, target = (part[evenly(len(part), MOST_ITEMS)] for part in (source, target))
    both = np.concatenate([source, target])
    try:
        width = median_width(both)
    except ValueError:  # more than half of all pairs are equal
        width = 1 / max(float(2 * both.var(0).sum()), np.finfo(np.float64).tiny)
    gram = kernel_matrix(both, both, "gaussian", width)
    sides = np.concatenate([np.full(len(source), 1 / len(source)), np.full(len(target), -1 / len(target))])
    draw = np.random.default_rng(seed)
    divisions = np.stack([sides, *(draw.permutation(sides) for _ in range(DIVISIONS))])
    gaps = np.einsum("pn,pn->p", divisions @ gram, divisions)
    return float((gaps >= gaps[0] - 1e-12).sum() / len(gaps))
