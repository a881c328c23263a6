"""RuLSIF: the ratio of densities by least squares, in closed form, bounded where it is taken relative to a mixture.

Kanamori, Hido & Sugiyama 2009 (JMLR 10) for `relative` 0, which is uLSIF; Yamada, Suzuki, Kanamori, Hachiya & Sugiyama
2013 (arXiv:1106.4729). With k Gaussians at centres among the target items,

    w(x) = p_t(x) / (relative p_t(x) + (1 - relative) p_s(x)) = sum_l a_l k(x, c_l),    a = (H + penalty I)^-1 h
    H = relative mean_t k k' + (1 - relative) mean_s k k',    h = mean_t k

so that weights are at most about 1 / relative; negative coefficients become 0. Width and penalty are chosen by the squared
error on items left out. Differs: folds stand for the leave-one-out formula, which pairs each source item with one target item.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from transferkit.ops.density_ratio.two_domains import median_distance, squared_distances, two_domains

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
    far_s, far_t = squared_distances(source, centres), squared_distances(target, centres)

    def at(sigma: float) -> tuple[np.ndarray, np.ndarray]:
        return np.exp(far_s / (-2 * sigma * sigma)), np.exp(far_t / (-2 * sigma * sigma))

    found = {(sigma, strength): 0.0 for sigma in widths for strength in penalties}
    for sigma in widths if len(found) > 1 else ():
        at_source, at_target = at(sigma)
        for part in range(1 + min(fold_s.max(), fold_t.max())):
            held_s, held_t = fold_s == part, fold_t == part
            fits = coefficients(at_source[~held_s], at_target[~held_t], relative, penalties)
            for strength, a in zip(penalties, fits, strict=True):
                found[sigma, strength] += _loss(at_source[held_s] @ a, at_target[held_t] @ a, relative)
    sigma, strength = min(found, key=lambda pair: found[pair])
    at_source, at_target = at(sigma)
    (a,) = coefficients(at_source, at_target, relative, (strength,))
    ratio: np.ndarray = np.asarray(at_source @ a)
    return ratio if ratio.any() else np.ones(len(source))


def coefficients(
    at_source: np.ndarray, at_target: np.ndarray, relative: float, penalties: Sequence[float]
) -> list[np.ndarray]:
    """For each penalty (m,) a, of kernels at source items (n_s, m) and target items (n_t, m)."""
    within = (1 - relative) * at_source.T @ at_source / len(at_source)
    if relative:
        within = within + relative * at_target.T @ at_target / len(at_target)
    squares, axes = np.linalg.eigh(within)
    along = axes.T @ at_target.mean(0)
    return [np.maximum(axes @ (along / (np.maximum(squares, 0.0) + penalty)), 0.0) for penalty in penalties]


def _loss(at_source: np.ndarray, at_target: np.ndarray, relative: float) -> float:
    """1/2 relative mean_t w^2 + 1/2 (1 - relative) mean_s w^2 - mean_t w: the squared error up to what is constant."""
    squares = relative * np.square(at_target).mean() + (1 - relative) * np.square(at_source).mean()
    return float(squares / 2 - at_target.mean())
