"""Wasserstein-Procrustes: the rotation between two clouds whose rows do not pair up, found together with the pairing.

    minimise over R and P:  sum_ij P_ij |x_i R - y_j|^2,   R orthogonal, P a transport plan

in turn: the plan for the rotation at hand (`transport_plan.py`), then Procrustes on each row and the mean of the rows
it goes to. Grave, Joulin & Berthet 2019, arXiv:1805.11222 (who draw batches and start from a convex relaxation); here
all rows take part, thinned to `MOST_ROWS`, from the principal axes laid on each other in the ways their signs allow,
and the best of these is kept. Known labels forbid a row to go to one of another class.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from transferkit.ops.mappings.gaussian import principal_axes_map
from transferkit.ops.mappings.pairs import checked_clouds, class_pairs
from transferkit.ops.mappings.procrustes import procrustes
from transferkit.ops.mappings.space_map import SpaceMap
from transferkit.ops.mappings.transport_plan import transport_plan

MOST_ROWS = 300
SIGNED = 3
"""Leading axes whose signs are tried both ways."""
ROUGH, FINE = (0.2, 0.1), (0.05, 0.05, 0.02, 0.02)
"""Smoothings of the plan, in units of the mean cost, round by round: of every start, and then of the best."""
PLAN_STEPS = 30
FORBIDDEN = 10.0
"""Cost of a pair of two classes, in units of the largest."""


def wasserstein_procrustes(
    x: np.ndarray,
    y: np.ndarray,
    x_labels: Sequence[Any] | None = None,
    y_labels: Sequence[Any] | None = None,
    seed: int = 0,
) -> SpaceMap:
    """The orthogonal map, with one scale, from the cloud x (n, d) to the cloud y (m, k); d and k may differ.

    Labels: the class of each row, None where it is not known. `chosen` has the `cost`: the mean squared distance that
    is left, as a share of the variance of y; near 1 says that the clouds were not matched. Use where both are of the
    same kind of things, in the same shares. `seed` draws the rows that are kept of larger clouds.

    >>> x = np.random.default_rng(0).gamma(1.0, size=(150, 3)) * [3, 2, 1]
    >>> f = wasserstein_procrustes(x, x[::-1, [2, 0, 1]])
    >>> bool(np.abs(f(x) - x[:, [2, 0, 1]]).max() < 0.3)
    True
    """
    x, y = checked_clouds(x, y)
    random = np.random.default_rng(seed)
    kept = [random.permutation(len(part))[:MOST_ROWS] for part in (x, y)]
    names = [
        np.full(len(rows), None, dtype=object) if labels is None else np.asarray(labels, dtype=object)[rows]
        for labels, rows in zip((x_labels, y_labels), kept, strict=True)
    ]
    some_x, some_y = x[kept[0]], y[kept[1]]
    apart = _apart(names[0], names[1])
    starts = _starts(some_x, some_y, names[0], names[1], apart)
    best = min(
        (_matched(some_x, some_y, start, apart, ROUGH) for start in starts), key=lambda found: found.chosen["cost"]
    )
    return _matched(some_x, some_y, best(some_x), apart, FINE)


def _starts(
    x: np.ndarray, y: np.ndarray, x_names: np.ndarray, y_names: np.ndarray, apart: np.ndarray
) -> list[np.ndarray]:
    """Rows of x (n, k) as each start maps them."""
    laid = principal_axes_map(x, y, x_names.tolist(), y_names.tolist())
    rows = laid(x) - y.mean(axis=0)
    axes = np.linalg.svd(y - y.mean(axis=0), full_matrices=False)[2][:SIGNED]  # (s, k)
    flips = itertools.product((0.0, -2.0), repeat=min(len(axes), int(laid.chosen["n_components"])))
    starts = []
    for flip in flips:
        turned = rows.copy()
        for way, axis in zip(flip, axes, strict=False):
            turned += way * np.outer(rows @ axis, axis)
        starts.append(y.mean(axis=0) + turned)
    if apart.any():
        known = [np.array([name is not None for name in names]) for names in (x_names, y_names)]
        try:
            pairs = class_pairs(x[known[0]], x_names[known[0]].tolist(), y[known[1]], y_names[known[1]].tolist())
        except ValueError:  # fewer than two classes in common: no start in them
            return starts
        starts.append(procrustes(pairs[0], pairs[1], weights=pairs[2])(x))
    return starts


def _matched(
    x: np.ndarray, y: np.ndarray, mapped: np.ndarray, apart: np.ndarray, smoothings: tuple[float, ...]
) -> SpaceMap:
    """Plan and rotation in turn, from rows of x as a start maps them."""
    total = float(np.square(y - y.mean(axis=0)).sum(axis=1).mean()) or 1.0
    for smoothing in smoothings:
        costs = _costs(mapped, y)
        guarded = costs + FORBIDDEN * costs.max() * apart
        plan = transport_plan(guarded, smoothing * float(costs.mean()) or 1.0, PLAN_STEPS)
        plan = plan / plan.sum()
        shares = plan.sum(axis=1)
        goals = plan @ y / np.maximum(shares, 1e-12)[:, None]
        found = procrustes(x, goals, weights=np.maximum(shares, 1e-12))
        mapped = found(x)
    cost = float((plan * _costs(mapped, y)).sum()) / total
    return SpaceMap(found.maps, {**found.chosen, "cost": cost}, found.notes)


def _costs(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(n, m) squared distances."""
    squares = np.square(x).sum(1)[:, None] + np.square(y).sum(1) - 2 * x @ y.T
    above: np.ndarray = np.maximum(squares, 0.0)
    return above


def _apart(x_names: np.ndarray, y_names: np.ndarray) -> np.ndarray:
    """(n, m) bool: both classes are known, and differ."""
    known = np.array([name is not None for name in x_names])[:, None] & np.array([name is not None for name in y_names])
    differ: np.ndarray = known & (x_names[:, None] != y_names[None, :])
    return differ
