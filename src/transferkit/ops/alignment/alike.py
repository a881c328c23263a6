"""Alike: could two samples come from one distribution? A kernel two-sample test by permutation.

Gretton, Borgwardt, Rasch, Schölkopf & Smola 2012, "A kernel two-sample test", JMLR 13, section 5.1 with a permutation null: the
biased squared MMD with a Gaussian kernel of median width, against the same under random divisions of both samples together.

Most domains differ so clearly that no division need be drawn: mean and variance of the statistic over *all* divisions have a
closed form, and Cantelli's inequality, P(T - m >= a) <= v / (v + a^2), then bounds the chance. A few items of each sample
are looked at in this way first.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.alignment.contract import evenly

FIRST_ITEMS = 100
"""Of each sample that are looked at first."""
MOST_ITEMS = 500
"""Of each sample where those do not differ clearly."""
CLEAR = 0.01
"""Bound on the chance from which on the difference needs no further look."""
FOR_WIDTH = 200
"""Items between which the median distance is taken."""
DIVISIONS = 199
ROUNDING = 1e-4
"""Share of the mean by which divisions that are alike may seem to differ: products are of single precision."""


def chance_alike(source: np.ndarray, target: np.ndarray, seed: int = 0) -> float:
    """How often so large a difference arises by chance: 1/200 to 1 where divisions are drawn, and a bound, at most 0.01, where
    it is clear without. (n_s, d) and (n_t, d).

    >>> draw = np.random.default_rng(0)
    >>> items = draw.normal(size=(60, 2))
    >>> chance_alike(items, items + 2) < 0.01, chance_alike(items, items)
    (True, 1.0)
    """
    for most in (FIRST_ITEMS, MOST_ITEMS):
        parts = [part[evenly(len(part), most)] for part in (source, target)]
        gram = _centred_gram(np.concatenate(parts))
        sides = np.repeat([1 / len(parts[0]), -1 / len(parts[1])], [len(part) for part in parts])
        gap = float(sides @ gram @ sides)
        mean, variance = over_all_divisions(gram, sides)
        over = gap - mean
        if over > ROUNDING * mean and (bound := variance / (variance + over**2)) <= CLEAR:
            return bound
        if len(source) <= most and len(target) <= most:
            break
    draw = np.random.default_rng(seed)
    divisions = draw.permuted(np.tile(sides.astype(np.float32), (DIVISIONS, 1)), axis=1)
    gaps = np.einsum("pn,pn->p", divisions @ gram.astype(np.float32), divisions)
    return float((1 + (gaps >= gap - ROUNDING * mean).sum()) / (1 + DIVISIONS))


def over_all_divisions(gram: np.ndarray, sides: np.ndarray) -> tuple[float, float]:
    """Mean and variance of s'Gs over all orders s of the entries of `sides` (n,), which sum to 0; the rows of the
    symmetric `gram` (n, n) sum to 0 too.

    With t and D the sums of the diagonal and of its squares and F that of all squares, the products G_ij G_kl sum to D where
    all indices are one, t^2 + 2F - 3D where they are two pairs, -4D where three are one, 12D - 4F - 2t^2 where two are one, and
    t^2 + 2F - 6D where none are; each sum counts times the mean of such products of different entries of s.

    >>> over_all_divisions(np.eye(4) - 0.25, np.array([0.5, 0.5, -0.5, -0.5]))
    (1.0, 0.0)
    """
    n = len(sides)
    trace, squared_diagonal, squares = float(np.trace(gram)), float((np.diag(gram) ** 2).sum()), float((gram**2).sum())
    second, fourth = float((sides**2).sum()), float((sides**4).sum())
    mean = second * trace / (n - 1)
    pairs, triples, quadruples = n * (n - 1), n * (n - 1) * (n - 2), n * (n - 1) * (n - 2) * (n - 3)
    variance = -(mean**2) + (
        squared_diagonal * fourth / n
        + (trace**2 + 2 * squares - 3 * squared_diagonal) * (second**2 - fourth) / pairs
        + 4 * squared_diagonal * fourth / pairs
        + (12 * squared_diagonal - 4 * squares - 2 * trace**2) * (2 * fourth - second**2) / max(triples, 1)
        + (trace**2 + 2 * squares - 6 * squared_diagonal) * (3 * second**2 - 6 * fourth) / max(quadruples, 1)
    )
    return mean, variance if variance > 1e-12 * mean**2 else 0.0  # less than that is rounding


def _centred_gram(items: np.ndarray) -> np.ndarray:
    """(n, n) Gaussian kernel of items (n, d) with itself, about its mean in feature space, so that rows sum to 0."""
    items = items - items.mean(0)
    lengths = np.einsum("nd,nd->n", items, items)
    squares = (-2 * items) @ items.T
    squares += lengths
    squares += lengths[:, None]
    some = evenly(len(items), FOR_WIDTH)
    median = float(np.median(squares[np.ix_(some, some)][np.triu_indices(len(some), 1)]))
    if median <= 1e-12 * lengths.max():  # more than half of all pairs are equal
        median = max(2 * float(lengths.mean()), np.finfo(np.float64).tiny)
    squares /= -median
    gram: np.ndarray = np.exp(np.minimum(squares, 0.0, out=squares), out=squares)
    means = gram.mean(0)
    gram -= means - means.mean()
    gram -= means[:, None]
    return gram
