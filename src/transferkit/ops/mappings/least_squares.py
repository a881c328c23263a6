"""Least squares: the linear f from one feature space to another that minimises the sum of squared distances.

    minimise over A (d, k), b (k,):  sum_i w_i |f(x_i) - y_i|^2 + penalty |A|^2,   f(x) = x A + b

In closed form (Hoerl & Kennard 1970); the penalty is the one under which pairs that were left out are met best, by
the exact leave-one-out errors of `ops/ridge.py`. A penalty of 0 is plain least squares, of all its solutions the one
of least norm.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.mappings.pairs import checked_pairs
from transferkit.ops.mappings.space_map import SpaceMap, linear
from transferkit.ops.ridge import ridge_coefficients
from transferkit.ops.scores.leave_one_out import leave_one_out_numbers


def least_squares(
    x: np.ndarray, y: np.ndarray, penalty: float | None = None, weights: np.ndarray | None = None
) -> SpaceMap:
    """The best linear map from x (n, d) to y (n, k), row i of one belonging to row i of the other.

    `penalty`: None chooses it, 0 is least squares. `weights`: (n,) how much each pair counts. `chosen` has the
    `penalty` and, where it was to be found, `left_out_error`: the mean squared distance of pairs that were left out.
    Raises ValueError where rows do not pair up or are not finite.

    >>> x = np.array([[0.0], [1.0], [2.0]])
    >>> least_squares(x, 2 * x + 1, penalty=0)(np.array([[3.0]])).round(3)
    array([[7.]])
    """
    x, y, weights = checked_pairs(x, y, weights)
    if penalty is not None and not penalty >= 0:
        raise ValueError(f"penalty {penalty} must be at least 0, or None to choose it")
    chosen = {}
    if penalty is None and (x == x[0]).all():
        penalty = 1.0  # a constant tells nothing, under whatever penalty
    if penalty is None:
        found = leave_one_out_numbers(x, y, weights=weights)
        penalty, chosen["left_out_error"] = found.penalty, float(weights @ found.per_item / len(x))
    chosen["penalty"] = float(penalty)
    centre, target_centre = weights @ x / len(x), weights @ y / len(x)
    if penalty > 0:
        matrix, _ = ridge_coefficients(x, y, penalty, weights)
    else:
        root = np.sqrt(weights)[:, None]
        matrix = np.linalg.lstsq((x - centre) * root, (y - target_centre) * root, rcond=None)[0]  # (d, k)
    return linear(matrix, centre, target_centre, chosen)
