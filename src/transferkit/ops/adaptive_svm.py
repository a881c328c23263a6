"""Adaptive support vector machine: a hyperplane for the target near that of the source.

Yang, Yan & Hauptmann 2007, doi:10.1145/1291233.1291276, equation 4. With f_s(x) = w_s x what the source says and y = -1 or 1,

    minimise over w:  1/2 |w - w_s|^2 + strength sum_i max(0, 1 - y_i w x_i)
    dual:  minimise 1/2 b' Q b - sum_i b_i (1 - y_i f_s(x_i)),  0 <= b_i <= strength,  Q_ij = y_i y_j x_i x_j
    w = w_s + sum_i b_i y_i x_i

Solved exactly (`ops/box_program.py`), through whichever of items and features is fewer. With w_s = 0 it is the ordinary machine
without intercept; an intercept is a feature that is 1.
"""

from __future__ import annotations

import numpy as np

from transferkit.ops.box_program import dense_in_box, low_rank_in_box


def adaptive_svm(
    features: np.ndarray,
    signs: np.ndarray,
    prior: np.ndarray,
    strength: float,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """(d,) w for features (n, d), signs (n,) of -1 and 1, prior w_s (d,).

    `weights`: (n,) how much each item counts, scaled into its row of the program; None: all alike.

    >>> adaptive_svm(np.array([[1.0]]), np.array([1.0]), np.array([0.25]), strength=9.0).round(4)
    array([1.])
    """
    features, signs = np.asarray(features, dtype=np.float64), np.asarray(signs, dtype=np.float64)
    if not strength > 0:
        raise ValueError(f"strength={strength} must be above 0")
    if not np.isin(signs, (-1.0, 1.0)).all():
        raise ValueError("signs must be -1 or 1")
    # b_i <= strength weight_i: in c_i = b_i / weight_i the box is the same for all
    scale = np.ones(len(signs)) if weights is None else np.asarray(weights, dtype=np.float64)
    rows = (scale * signs)[:, None] * features
    pull = scale * (1 - signs * (features @ prior))
    if len(rows) <= rows.shape[1]:
        dual = dense_in_box(rows @ rows.T, pull, strength)
    else:
        dual = low_rank_in_box(rows, np.full(len(rows), 1e-12), pull, strength)
    found: np.ndarray = prior + dual @ rows
    return found
