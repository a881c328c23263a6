"""Transfer boosting: the rounds of TrAdaBoost and the stages of its two-stage form for numbers, on weights alone.

Where the equations come from is in `methods/instance/tradaboost.py` and `tradaboost_r2.py`. What is fitted in a round is the
caller's: `fit(weights)` gives it, and what it answers for all rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

LEAST_ERROR = 1e-3

T = TypeVar("T")
Fit = Callable[[np.ndarray], tuple[T, np.ndarray]]


@dataclass(frozen=True, eq=False)
class Boosted(Generic[T]):
    """Who answers, and how much each one's answer counts."""

    members: tuple[T, ...]
    say: np.ndarray
    """(n_members,) above 0."""
    weights: np.ndarray
    """(n,) of the rows, after the last round."""
    error: float
    """Of the last round."""


def tradaboost(
    fit: Fit[T],
    targets: np.ndarray,
    n_source: int,
    weights: np.ndarray,
    *,
    rounds: int,
    correct_drift: bool,
) -> Boosted[T]:
    """The later half of the rounds, without those that do no better than chance; rows are `n_source` of the source, then the
    target's; targets (n,) are classes."""
    weights, chance = np.array(weights, dtype=np.float64), 1 - 1 / max(2, len(np.unique(targets)))
    theirs, own = slice(None, n_source), slice(n_source, None)
    fading = 1 / (1 + math.sqrt(2 * math.log(n_source) / rounds))
    members, say, error = [], [], 0.0
    for _ in range(rounds):
        member, answers = fit(weights)
        wrong = answers != targets
        error = float(np.average(wrong[own], weights=weights[own]))
        members.append(member)
        if error >= chance:  # says nothing of the target, which counts for too little
            weights[own] *= 2
            weights /= weights.mean()
            say.append(0.0)
            continue
        error = max(error, LEAST_ERROR)
        odds = error / (1 - error) * (1 - chance) / chance  # b_t
        weights[own] *= np.where(wrong[own], 1 / odds, 1.0)
        weights[theirs] *= np.where(wrong[theirs], fading, 1.0)
        if correct_drift:
            weights[theirs] *= 2 * (1 - error)
        weights /= weights.mean()
        say.append(-math.log(odds))
    later = [place for place in range(rounds // 2, rounds) if say[place] > 0] or [rounds - 1]
    heard = np.array([say[place] or 1.0 for place in later])
    return Boosted(tuple(members[place] for place in later), heard, weights, error)


def fading_source(
    fit: Fit[T], targets: np.ndarray, n_source: int, weights: np.ndarray, *, stages: int
) -> list[np.ndarray]:
    """The source's weights (n_source,) in each stage; the rest of 1 is the target's; targets (n,) are numbers."""
    weights = weights / weights.sum()
    first = float(weights[n_source:].sum())
    found = [weights[:n_source].copy()]
    for stage in range(1, stages):
        errors = _errors(fit(weights)[1], targets)
        wanted = first + stage / (stages - 1) * (1 - first)
        wanted = min(wanted, 1 - 1e-6)  # the last stage leaves the source next to nothing
        theirs = faded(weights[:n_source], errors[:n_source], float(weights[n_source:].sum()), wanted)
        weights = np.concatenate([theirs, weights[n_source:]])
        weights /= weights.sum()
        found.append(weights[:n_source].copy())
    return found


def boosted_beside(fit: Fit[T], targets: np.ndarray, held: np.ndarray, own: np.ndarray, *, rounds: int) -> Boosted[T]:
    """AdaBoost.R2 in which the source's weights `held` (n_s,) stay and the target's `own` (n_t,) move and keep their sum."""
    n, total = len(held), float(own.sum())
    members: list[T] = []
    say: list[float] = []
    error = 0.0
    for _ in range(rounds):
        weights = np.concatenate([held, own])
        member, answers = fit(weights)
        errors = _errors(answers, targets)
        error = float(np.average(errors, weights=weights))
        odds = min(max(error, 1e-6), 0.499999) / (1 - min(max(error, 1e-6), 0.499999))
        if error < 0.5 or not members:
            members.append(member)
            say.append(-math.log(odds))
        if error >= 0.5 or error < 1e-6:
            break
        own = own * odds ** (1 - errors[n:])
        own = own * total / own.sum()
    return Boosted(tuple(members), np.array(say), np.concatenate([held, own]), error)


def faded(weights: np.ndarray, errors: np.ndarray, other: float, wanted: float) -> np.ndarray:
    """Weights (n,) times b^errors with the b from 0 to 1 at which `other` is the share `wanted` of all; where even b = 0
    leaves too much, all are scaled alike.

    >>> faded(np.array([0.5, 0.4]), np.array([1.0, 0.0]), other=0.1, wanted=0.15).round(4)
    array([0.1667, 0.4   ])
    """
    from scipy.optimize import brentq

    allowed = other * (1 - wanted) / wanted

    def beyond(power: float) -> float:
        return float((weights * np.exp(-power * errors)).sum() - allowed)

    if beyond(0.0) <= 0:
        return weights
    if beyond(700.0) >= 0:
        return np.asarray(weights * allowed / weights.sum())
    found: np.ndarray = weights * np.exp(-brentq(beyond, 0.0, 700.0) * errors)
    return found


def weighted_median(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(n,) of each row of values (n, m): the least that half of the weights (m,) or more lie at or below.

    >>> weighted_median(np.array([[1.0, 2.0, 9.0]]), np.array([1.0, 1.0, 3.0]))
    array([9.])
    """
    order = np.argsort(values, axis=1, kind="stable")
    below = np.cumsum(np.asarray(weights)[order], axis=1)
    place = (below >= below[:, -1:] / 2).argmax(axis=1)
    chosen: np.ndarray = np.take_along_axis(np.take_along_axis(values, order, 1), place[:, None], 1)[:, 0]
    return chosen


def _errors(answers: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """(n,) absolute errors, the largest 1."""
    sizes = np.abs(np.asarray(answers, dtype=np.float64) - targets)
    return np.asarray(sizes / (sizes.max() or 1.0))
