"""KLIEP: the ratio of densities under which the target's items are likeliest.

Sugiyama, Nakajima, Kashima, von Bünau & Kawanabe 2008 (NIPS 20). w(x) = sum_l a_l exp(-|x - c_l|^2 / (2 width^2)) with
centres among the target items,

    maximise mean_t log w(t)      with mean_s w(s) = 1, a >= 0

The width is the one of the greatest likelihood of target items left out (their "LCV"). Differs: in u_l = a_l mean_s
k(s, c_l) the problem is that of mixture proportions, solved by an interior point method to a certified optimum: no u
gains more than max_l gradient_l - 1. The paper's projected gradient has a rate to choose and no such bound.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from transferkit.ops.density_ratio.two_domains import gaussian, median_distance, two_domains

CENTRES = 100
FOLDS = 5
WIDTHS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.5)
"""To choose from, in units of the median distance."""
GAIN = 1e-6
"""Of log likelihood, an item, that may be left at the end."""
STEPS = 100


def kliep(source: np.ndarray, target: np.ndarray, *, width: float | None = None, seed: int = 0) -> np.ndarray:
    """(n_s,) weights, of mean 1, of source (n_s, d) for target (n_t, d); `width` None: chosen by left-out likelihood.
    All 1 where the target is out of every source item's reach.

    >>> draw = np.random.default_rng(0)
    >>> weights = kliep(draw.normal(size=(200, 1)), draw.normal(1.0, 1.0, size=(200, 1)))
    >>> round(float(weights.mean()), 6)
    1.0
    """
    source, target = two_domains(source, target)
    if width is not None and not width > 0:
        raise ValueError(f"width={width} must be above 0")
    order = np.random.default_rng(seed).permutation(len(target))
    centres = target[order[:CENTRES]]
    width = width or kliep_width(source, target, seed=seed)
    at_source = gaussian(source, centres, width)
    means = np.maximum(at_source.mean(0), 1e-300)
    shares = proportions(gaussian(target, centres, width) / means)
    weights: np.ndarray = at_source @ (shares / means)
    if not weights.any():  # the domains are so far apart that no kernel reaches from one to the other
        return np.ones(len(source))
    return np.asarray(weights / weights.mean())


def kliep_width(source: np.ndarray, target: np.ndarray, *, seed: int = 0) -> float:
    """Of `WIDTHS` times the median distance the one under which left-out target items are likeliest."""
    order = np.random.default_rng(seed).permutation(len(target))
    centres = target[order[:CENTRES]]
    fold = np.empty(len(target), dtype=int)
    fold[order] = np.arange(len(target)) % min(FOLDS, len(target))
    unit = median_distance(source, target)

    def likelihood(width: float) -> float:
        means = np.maximum(gaussian(source, centres, width).mean(0), 1e-300)
        at_target = gaussian(target, centres, width) / means  # (n_t, m)
        found = 0.0
        for part in range(fold.max() + 1):
            held = fold == part
            own = np.isin(order[:CENTRES], np.flatnonzero(held))  # an item left out is no centre either
            if own.all():
                return -np.inf
            shares = proportions(at_target[~held][:, ~own])
            found += float(np.log(np.maximum(at_target[held][:, ~own] @ shares, 1e-300)).sum())
        return found

    return float(max((unit * factor for factor in WIDTHS), key=likelihood))


def proportions(likelihoods: np.ndarray) -> np.ndarray:
    """(m,) shares u of the m densities that make the items (n, m) likeliest: max mean log(A u), u >= 0, sum u = 1.

    >>> proportions(np.array([[1.0, 0.5], [1.0, 0.5]])).round(3)
    array([1., 0.])
    """
    scaled = likelihoods / np.maximum(likelihoods.max(1, keepdims=True), 1e-300)
    m = scaled.shape[1]
    shares, prices = np.full(m, 1 / m), np.ones(m)
    for _ in range(STEPS):
        # minimise sum u - mean log(A u) over u >= 0: its optimum has sum 1, for the logarithm's gradient along u is 1
        ratio = scaled / np.maximum(scaled @ shares, 1e-300)[:, None]  # (n, m)
        gradient = ratio.mean(0)
        if shares.sum() * gradient.max() - 1 < GAIN and abs(shares.sum() - 1) < GAIN:
            break
        barrier = 0.1 * float(shares @ prices) / m
        curved = ratio.T @ ratio / len(ratio) + np.diag(prices / shares)
        change = linalg.solve(curved, gradient - 1 + barrier / shares, assume_a="pos")
        d_prices = (barrier - prices * change) / shares - prices
        shares = shares + _reach(shares, change) * change
        prices = prices + _reach(prices, d_prices) * d_prices
    return np.asarray(shares / shares.sum())


def _reach(values: np.ndarray, change: np.ndarray) -> float:
    """The longest step, up to 1, that keeps a hundredth of every value."""
    falling = change < 0
    return float(min(1.0, 0.99 * (-values[falling] / change[falling]).min())) if falling.any() else 1.0
