"""Joint distribution optimal transport: a linear learner of the target, learned from the source's labels as a plan carries
them, and the plan that this learner makes cheapest.

Courty, Flamary, Habrard & Rakotomamonjy 2017, "Joint distribution optimal transportation for domain adaptation",
arXiv:1705.08848, equation 8 and Algorithm 1. Over plans P (n_s, n_t) with given margins and f(x) = x B + b,

    minimise  sum_ij P_ij (C_ij + |y_i - f(x_j)|^2)  +  penalty / n_t |B|^2

by turns: P by exact transport, f by ridge regression of the target items on the labels that come to them, y^_j = sum_i P_ij
y_i / sum_i P_ij (equation 10: with squares the one has the same minimum as all pairs have). Labels are numbers or one-hot
rows, so that classes are told apart one against all by the squared loss; the paper's other loss for classes is the hinge.
Neither turn can raise the objective, which ends in a local minimum. The first f is a constant, whose plan is that of C.

Differs: known labels of target items stay what they are: y_j takes the place of f(x_j) in the plan's cost and that of y^_j
in the regression. Plans are POT's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from transferkit.ops.pot import pot
from transferkit.ops.ridge import ridge_coefficients

SETTLED = 1e-6
"""Share by which the objective falls in a turn, below which there is no other."""


@dataclass(frozen=True, eq=False)
class JointTransport:
    """What the turns ended with."""

    slope: np.ndarray
    """B (d, k)"""
    intercept: np.ndarray
    """b (k,)"""
    plan: np.ndarray
    """P (n_s, n_t)"""
    objectives: tuple[float, ...]
    """After each turn; none is above the one before it."""


def joint_transport(
    costs: np.ndarray,
    labels: np.ndarray,
    target: np.ndarray,
    *,
    penalty: float,
    known: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    rounds: int = 20,
    before_turn: Callable[[], None] = lambda: None,
) -> JointTransport:
    """`costs`: C (n_s, n_t); labels (n_s, k) of the source; target (n_t, d), what f reads; known (n_l, k): labels of its first
    items, where there are some; weights (n_s,): what each source item counts; `before_turn` may raise to end it. Needs the
    library POT.

    >>> source = np.array([[0.0], [1.0]])
    >>> found = joint_transport(feature_costs(source, source + 5), source, source + 5, penalty=1e-9)
    >>> np.round(found.slope, 3), np.round(found.intercept, 3)
    (array([[1.]]), array([-5.]))
    """
    n_source, n_target = costs.shape
    masses = np.full(n_source, 1 / n_source) if weights is None else weights / weights.sum()
    given = np.zeros((0, labels.shape[1])) if known is None else known
    said = np.tile(masses @ labels, (n_target, 1))
    objectives: list[float] = []
    while True:
        before_turn()
        said[: len(given)] = given
        plan = pot().emd(
            masses,
            np.full(n_target, 1 / n_target),
            costs + _losses(labels, said),
            numItermax=100 * sum(costs.shape) ** 2,
        )
        carried = plan.T @ labels / plan.sum(0)[:, None]
        carried[: len(given)] = given
        slope, intercept = ridge_coefficients(target, carried, penalty)
        said = target @ slope + intercept
        beside = np.square(said[: len(given)] - given).sum() + penalty * np.square(slope).sum()
        said[: len(given)] = given
        objectives.append(float((plan * (costs + _losses(labels, said))).sum() + beside / n_target))
        settled = len(objectives) > 1 and objectives[-2] - objectives[-1] <= SETTLED * objectives[-2]
        if settled or len(objectives) == rounds:
            return JointTransport(slope, intercept, np.asarray(plan), tuple(objectives))


def feature_costs(source: np.ndarray, target: np.ndarray, weight: float = 1.0) -> np.ndarray:
    """C (n_s, n_t): squared distances times `weight`, the largest counting 1, as in the paper's experiments.

    >>> feature_costs(np.array([[0.0]]), np.array([[1.0], [2.0]])).tolist()
    [[0.25, 1.0]]
    """
    squares = cdist(source, target, "sqeuclidean")
    scaled: np.ndarray = squares * (weight / (float(squares.max()) or 1.0))
    return scaled


def _losses(labels: np.ndarray, said: np.ndarray) -> np.ndarray:
    """(n_s, n_t) |y_i - f(x_j)|^2"""
    return np.asarray(cdist(labels, said, "sqeuclidean"))
