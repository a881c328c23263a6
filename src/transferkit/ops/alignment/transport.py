"""Transport: move source items onto the target by optimal transport, each to the mean of the target items its mass goes to.

Courty, Flamary, Tuia & Rakotomamonjy 2017, "Optimal transport for domain adaptation", IEEE TPAMI 39(9),
arXiv:1507.00504. A plan P (n_s, n_t) with even margins, at the least of

    <P, C> + entropy * sum P log P + class_strength * Omega(P),    C_ij = |x_i - y_j|^2 / median of all of them

where Omega keeps a target item from taking mass of several classes: sum_jc |P_cj|_1^(1/2) ("classes") or sum_jc
|P_cj|_2 ("groups"). Source item i goes to sum_j P_ij y_j / sum_j P_ij (equation 15 with squared distances), an item
that was not there as its nearest one. A pair of a source and a target item of different known classes has a cost
beyond all others. Plans are POT's.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Literal

import numpy as np

from transferkit.ops.alignment.contract import Alignment, evenly
from transferkit.ops.feature_maps.displacement import Displacement
from transferkit.ops.pot import pot

Plan = Literal["exact", "sinkhorn", "classes", "groups"]
Scales = tuple[np.ndarray, np.ndarray]
"""Logarithms (n_s,) and (n_t,) of what rows and columns of a smoothed plan are multiplied by."""
ROUNDS = 20
"""Of majorising the norm that looks at classes."""
WITHIN = 100
"""Steps of a smoothed plan within a round; the next one goes on from where they end."""
SETTLED = 1e-4
"""Mass that moves in a round after which there is no other."""
ALMOST_NONE = 1e-3
"""Added to the mass that a class brings to an item, so that the slope of its root is finite; as POT does."""
CLOSE = 1e-6
"""Norm of what the margins of a smoothed plan are off by; an item goes to a mean over its own mass in any case."""
UNDERFLOW = 500.0
"""Costs in units of the entropy from which on exp(-cost) is too small for plain products, and logarithms are taken."""
MOST_ITEMS = 1000
"""Of a domain that are transported; the others go as their nearest ones do."""


def transport(
    source: np.ndarray,
    target: np.ndarray,
    source_classes: np.ndarray | None = None,
    target_classes: np.ndarray | None = None,
    *,
    plan: Plan = "sinkhorn",
    entropy: float = 0.1,
    class_strength: float = 0.1,
) -> Alignment:
    """Source (n_s, d), target (n_t, d); classes (n_s,) and (n_t,) int, -1 where a target item has none. Target items stay.

    `entropy`: 0.1 of the median cost; `class_strength`: likewise. Needs the library POT; ImportError
    says how to get it.

    >>> items = np.array([[0.0, 0.0], [4.0, 0.0]])
    >>> transport(items, items + [0, 1], plan="exact").source.tolist()
    [[0.0, 1.0], [4.0, 1.0]]
    """
    chosen = evenly(len(source), MOST_ITEMS), evenly(len(target), MOST_ITEMS)
    moved, towards = source[chosen[0]], target[chosen[1]]
    ours = None if source_classes is None else source_classes[chosen[0]]
    costs = _costs(moved, towards, ours, None if target_classes is None else target_classes[chosen[1]])
    shares = transport_plan(costs, ours, plan=plan, entropy=entropy, class_strength=class_strength)
    went = shares @ towards / shares.sum(1, keepdims=True)
    displacement = Displacement(moved, went - moved)
    aligned = displacement(source)
    aligned[chosen[0]] = went
    return Alignment(aligned, target, (displacement,), ())


def transport_plan(
    costs: np.ndarray,
    classes: np.ndarray | None,
    *,
    plan: Plan = "sinkhorn",
    entropy: float = 0.1,
    class_strength: float = 0.1,
) -> np.ndarray:
    """(n_s, n_t) shares of mass, with even margins, at the least cost; costs (n_s, n_t), classes (n_s,) int of the
    source items."""
    ot = pot()
    margins = tuple(np.full(n, 1 / n) for n in costs.shape)
    if plan == "exact":
        return np.asarray(ot.emd(*margins, costs, numItermax=max(100_000, 100 * sum(costs.shape))))

    def smoothed(of: np.ndarray, most: int = 2000, start: Scales | None = None) -> tuple[np.ndarray, Scales]:
        method = "sinkhorn" if np.ptp(of) < UNDERFLOW * entropy else "sinkhorn_log"
        stop = {"numItermax": most, "stopThr": CLOSE, "warn": False}
        with np.errstate(over="ignore"):  # POT takes powers of the logarithms too, which nobody looks at
            made, found = ot.sinkhorn(*margins, of - of.min(), entropy, method, **stop, log=True, warmstart=start)
        if "log_u" in found:
            return np.asarray(made), (found["log_u"], found["log_v"])
        return np.asarray(made), (np.log(found["u"]), np.log(found["v"]))

    if plan == "sinkhorn":
        return smoothed(costs)[0]
    if classes is None:
        raise ValueError(f"plan {plan!r} regularises by the classes of source items, and there are none; use sinkhorn")
    if plan == "groups":
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sinkhorn did not converge")  # within a step that another one follows
            return np.asarray(ot.da.sinkhorn_l1l2_gl(margins[0], classes, margins[1], costs, entropy, class_strength))
    return _majorised(smoothed, costs, classes, class_strength)


def _majorised(
    smoothed: Callable[[np.ndarray, int, Scales | None], tuple[np.ndarray, Scales]],
    costs: np.ndarray,
    classes: np.ndarray,
    strength: float,
) -> np.ndarray:
    """The Lp-L1 plan, p = 1/2, by majorisation: a concave penalty is a linear cost, of the slope it has at the last plan."""
    plan, scales = smoothed(costs, WITHIN, None)
    present, place = np.unique(classes, return_inverse=True)
    for _ in range(ROUNDS):
        mass = np.stack([plan[place == c].sum(0) for c in range(len(present))])  # (n_classes, n_t)
        slope = ((mass + ALMOST_NONE) ** -0.5 / 2)[place]  # (n_s, n_t)
        before = plan
        plan, scales = smoothed(costs + strength * slope, WITHIN, scales)
        if np.abs(plan - before).sum() < SETTLED:
            break
    return plan


def _costs(source: np.ndarray, target: np.ndarray, ours: np.ndarray | None, theirs: np.ndarray | None) -> np.ndarray:
    from scipy.spatial.distance import cdist

    costs = cdist(source, target, "sqeuclidean")
    costs /= float(np.median(costs)) or 1.0
    if ours is not None and theirs is not None:
        never = (theirs >= 0) & (ours[:, None] != theirs)
        never &= ~never.all(0) & ~never.all(1)[:, None]  # a class of one domain alone must go somewhere too
        costs[never] = 10 * costs.max()
    return np.asarray(costs)
