"""Density ratio: how much more often items like this one occur in the target than in the source.

By a domain classifier (Bickel, Brückner & Scheffer 2007; as in You et al. 2019): p(target | x) / p(source | x) n_s / n_t,
from a logistic regression on the leading principal axes of both domains' features together, each of variance 1. Differs from
the released DEV, whose classifier is judged and applied on items it has seen: each item's ratio comes from the folds without
it, and the penalty is the one with the least log loss there. Seeded folds: the same number twice. Cost O(n d min(n, d)) for
the axes and `FOLDS` times `PENALTIES` fits of at most `AXES` numbers.
"""

from __future__ import annotations

import numpy as np

AXES = 50
FOLDS = 5
PENALTIES = (0.003, 0.03, 0.3)
"""Of |w|^2 / 2 beside the mean log loss: from a classifier of nearly all axes to one of a few."""


def density_ratio(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(n_s,) target density over source density at features `source` (n_s, d), `target` (n_t, d); the mean is about 1.

    >>> draw = np.random.default_rng(0)
    >>> ratio = density_ratio(draw.normal(size=(200, 3)), draw.normal(size=(300, 3)))
    >>> bool(abs(ratio - 1).max() < 0.5)
    True
    """
    if min(len(source), len(target)) < 2 * FOLDS:  # nothing can be said of the shift from so few
        return np.ones(len(source))
    features = _leading_axes(np.concatenate([source, target]))  # (n_s + n_t, k)
    is_target = np.repeat([0, 1], [len(source), len(target)])
    random = np.random.default_rng(0)
    fold = np.concatenate([random.permutation(len(side)) % FOLDS for side in (source, target)])
    logits = {penalty: _held_out_logits(features, is_target, fold, penalty) for penalty in PENALTIES}
    losses = {penalty: float(np.logaddexp(0, (1 - 2 * is_target) * value).mean()) for penalty, value in logits.items()}
    best = min(PENALTIES, key=lambda penalty: losses[penalty])
    ratio: np.ndarray = np.exp(np.clip(logits[best][: len(source)], -30, 30)) * len(source) / len(target)
    return ratio


def _held_out_logits(features: np.ndarray, is_target: np.ndarray, fold: np.ndarray, penalty: float) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    logits = np.empty(len(features))
    for held_out in range(FOLDS):
        rest = fold != held_out
        model = LogisticRegression(C=1 / (penalty * rest.sum()), max_iter=500)
        model.fit(features[rest], is_target[rest])
        logits[~rest] = model.decision_function(features[~rest])
    return logits


def _leading_axes(features: np.ndarray) -> np.ndarray:
    """(n, k) coordinates along the axes of most variance, each scaled to variance 1; axes of no variance are left out."""
    centred = features - features.mean(axis=0)
    n, d = centred.shape
    if d <= n:
        squares, axes = np.linalg.eigh(centred.T @ centred)
        coordinates = centred @ axes
    else:
        squares, vectors = np.linalg.eigh(centred @ centred.T)
        coordinates = vectors * np.sqrt(np.clip(squares, 0, None))
    kept = np.argsort(-squares)[:AXES]
    kept = kept[squares[kept] > 1e-9 * max(float(squares.max()), np.finfo(float).tiny)]
    if not len(kept):
        return np.zeros((n, 1))
    scaled: np.ndarray = coordinates[:, kept] / np.sqrt(squares[kept] / n)
    return scaled
