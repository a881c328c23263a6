"""RuLSIF: the ratio of densities by least squares, in closed form, bounded where it is taken relative to a mixture.

Kanamori, Hido & Sugiyama 2009 (JMLR 10) for `relative` 0, which is uLSIF; Yamada, Suzuki, Kanamori, Hachiya & Sugiyama
2013 (arXiv:1106.4729). With k Gaussians at centres among the target items,

    w(x) = p_t(x) / (relative p_t(x) + (1 - relative) p_s(x)) = sum_l a_l k(x, c_l),    a = (H + penalty I)^-1 h
    H = relative mean_t k k' + (1 - relative) mean_s k k',    h = mean_t k

so that weights are at most about 1 / relative; negative coefficients become 0. Width and penalty are chosen by the squared
error on items left out. Differs: folds stand for the leave-one-out formula, which pairs each source item with one target item.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from transferkit.ops.density_ratio.two_domains import gaussian, median_distance, two_domains

CENTRES = 100
FOLDS = 5
WIDTHS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.5)
"""To choose from, in units of the median distance."""
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)


def rulsif(
    source: np.ndarray,
    target: np.ndarray,
    *,
    relative: float = 0.1,
    width: float | None = None,
    penalty: float | None = None,
    seed: int = 0,
) -> np.ndarray:
    """(n_s,) weights, not negative, of source (n_s, d) for target (n_t, d); width and penalty are chosen where None.

    >>> draw = np.random.default_rng(0)
    >>> weights = rulsif(draw.normal(size=(200, 1)), draw.normal(1.0, 1.0, size=(200, 1)), relative=0.5)
    >>> bool(weights.min() >= 0) and bool(weights.max() <= 2.2)
    True
    """
    source, target = two_domains(source, target)
    if not 0 <= relative < 1:
        raise ValueError(f"relative={relative} must be at least 0 and below 1")
    if width is not None and not width > 0:
        raise ValueError(f"width={width} must be above 0")
    draw = np.random.default_rng(seed)
    centres = target[draw.permutation(len(target))[:CENTRES]]
    fold_s, fold_t = (draw.permutation(len(part)) % min(FOLDS, len(part)) for part in (source, target))
    unit = median_distance(source, target)
    widths = [width] if width else [unit * factor for factor in WIDTHS]
    penalties = PENALTIES if penalty is None else (penalty,)
    found = []
    for sigma in widths:
        at_source, at_target = gaussian(source, centres, sigma), gaussian(target, centres, sigma)
        if len(widths) * len(penalties) == 1:
            found.append((0.0, sigma, penalties[0]))
            continue
        for strength in penalties:
            error = 0.0
            for part in range(1 + min(fold_s.max(), fold_t.max())):
                rest_s, rest_t = at_source[fold_s != part], at_target[fold_t != part]
                a = coefficients(rest_s, rest_t, relative, strength)
                held_s, held_t = at_source[fold_s == part] @ a, at_target[fold_t == part] @ a
                error += _loss(held_s, held_t, relative)
            found.append((error, sigma, strength))
    _, sigma, strength = min(found)
    at_source, at_target = gaussian(source, centres, sigma), gaussian(target, centres, sigma)
    ratio = np.asarray(at_source @ coefficients(at_source, at_target, relative, strength))
    return ratio if ratio.any() else np.ones(len(source))


def coefficients(at_source: np.ndarray, at_target: np.ndarray, relative: float, penalty: float) -> np.ndarray:
    """(m,) a of kernels at source items (n_s, m) and target items (n_t, m)."""
    within = (1 - relative) * at_source.T @ at_source / len(at_source)
    if relative:
        within = within + relative * at_target.T @ at_target / len(at_target)
    solved = linalg.solve(within + penalty * np.eye(len(within)), at_target.mean(0), assume_a="pos")
    return np.maximum(np.asarray(solved), 0.0)


def _loss(at_source: np.ndarray, at_target: np.ndarray, relative: float) -> float:
    """1/2 relative mean_t w^2 + 1/2 (1 - relative) mean_s w^2 - mean_t w: the squared error up to what is constant."""
    squares = relative * np.square(at_target).mean() + (1 - relative) * np.square(at_source).mean()
    return float(squares / 2 - at_target.mean())
