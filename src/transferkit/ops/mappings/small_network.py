"""Small network: the least-squares line with one hidden layer beside it, trained on pairs.

    f(x) = x A + b + tanh(x W + c) V

A and b are ridge regression and stay as they are; V begins at 0, so f begins as the line and bends where that meets
held-out pairs better.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from transferkit.ops.feature_maps.affine import Affine
from transferkit.ops.feature_maps.bent import Bent
from transferkit.ops.mappings.by_steps import Problem, Trainable, trained
from transferkit.ops.mappings.least_squares import least_squares
from transferkit.ops.mappings.pairs import checked_pairs, spread
from transferkit.ops.mappings.space_map import SpaceMap


def small_network(
    x: np.ndarray, y: np.ndarray, hidden: int = 64, weights: np.ndarray | None = None, seed: int = 0
) -> SpaceMap:
    """The bent map from x (n, d) to y (n, k), row i of one belonging to row i of the other; `hidden` units.

    `chosen` has the number of `steps`; 0 where the line alone met held-out pairs best, or the pairs are fewer than
    ten: then it is that line.

    >>> x = np.random.default_rng(0).normal(size=(200, 1))
    >>> f = small_network(x, np.abs(x))
    >>> bool(np.abs(f(x) - np.abs(x)).mean() < 0.15)
    True
    """
    x, y, weights = checked_pairs(x, y, weights)
    if hidden < 1:
        raise ValueError(f"hidden {hidden} must be at least 1")
    if not np.ptp(x, axis=0).any():  # of a constant nothing can be bent
        return SpaceMap(least_squares(x, y, weights=weights).maps, {"steps": 0.0})
    centre, scale = spread(x, weights)
    y_centre, y_scale = spread(y, weights)
    x, y = (x - centre) / scale, (y - y_centre) / y_scale

    def make(problem: Problem) -> Trainable:
        line = least_squares(
            problem.x.double().numpy(), problem.y.double().numpy(), weights=problem.weights.double().numpy()
        )
        matrix, offset = (torch.from_numpy(part).float() for part in (line.matrix, line.offset))
        generator = torch.Generator().manual_seed(seed)
        inner = torch.randn(x.shape[1], hidden, generator=generator) / x.shape[1] ** 0.5
        parameters = [inner, torch.randn(hidden, generator=generator), torch.zeros(hidden, y.shape[1])]

        def function(rows: Tensor) -> Tensor:
            bent: Tensor = torch.tanh(rows @ parameters[0] + parameters[1]) @ parameters[2]
            return rows @ matrix + offset + bent

        return parameters, function

    (inner, inner_offset, outer), chosen = trained(make, Problem.of(x, y, weights), seed)
    line = least_squares(x, y, weights=weights)
    notes = () if chosen["steps"] else ("a line met held-out pairs as well as anything bent: the map is that line",)
    bent = Bent(line.matrix, line.offset, *(part.double().numpy() for part in (inner, inner_offset, outer)))
    return SpaceMap(
        (
            Affine(np.diag(1 / scale), -centre / scale),
            bent if chosen["steps"] else Affine(line.matrix, line.offset),
            Affine(np.diag(y_scale), y_centre),
        ),
        chosen,
        notes,
    )
