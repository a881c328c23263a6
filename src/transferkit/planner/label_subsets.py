"""Label subsets: which labels a label curve learns from, stratified and nested, and the predictors that did."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field, replace

import numpy as np

from transferkit.core.predictor import Predictor
from transferkit.core.target import Target
from transferkit.methods.baseline.majority import Majority
from transferkit.planner.arms import Arm

LEAST_ITEMS = 8
"""The smallest subset."""
MOST_SIZES = 3
"""Subsets beside all labels: an eighth, a quarter, a half."""
BLIND = Arm("label curve: blind guess", Majority(), ())


@dataclass
class LabelCurve:
    """Predictors that were fitted to subsets of the labels."""

    sizes: tuple[int, ...] = ()
    """Label counts of the subsets, ascending."""
    seeds: tuple[int, ...] = ()
    """Those of which every subset was fitted by both arms."""
    fitted: dict[tuple[str, int, int], Predictor] = field(default_factory=dict)
    """(arm, size, seed) -> predictor."""
    blind: Predictor | None = None
    """Guesses without looking at an item."""
    seconds: list[float] = field(default_factory=list)
    """Of every fit."""
    notes: list[str] = field(default_factory=list)

    def predictors(self) -> dict[str, list[Predictor]]:
        """What the proof is to judge beside the claims, by a name of its own, one a seed."""
        if not self.seeds:
            return {}
        arms = dict.fromkeys(arm for arm, _, _ in self.fitted)
        several = {
            on_labels(arm, size): [self.fitted[arm, size, seed] for seed in self.seeds]
            for arm in arms
            for size in self.sizes
        }
        return several | ({BLIND.name: [self.blind]} if self.blind else {})


def subset_sizes(n_labels: int, n_classes: int) -> tuple[int, ...]:
    """Label counts below `n_labels`, evenly spaced on a log axis from an eighth on; none where there are too few labels.

    >>> subset_sizes(400, 10), subset_sizes(30, 10), subset_sizes(14, 3)
    ((50, 100, 200), (10, 17), ())
    """
    least = max(LEAST_ITEMS, n_classes, math.ceil(n_labels / 2**MOST_SIZES))
    if n_labels < 2 * least:
        return ()
    count = min(MOST_SIZES, max(2, round(math.log2(n_labels / least))))
    return tuple(round(least * (n_labels / least) ** (i / count)) for i in range(count))


def subset(whole: Target, strata: np.ndarray, size: int, seed: int) -> Target:
    """`size` of the labels, in proportion to the classes, at least one of each; nested for equal seeds."""
    order = stratified_order(strata, seed)
    chosen = np.sort(order[:size])
    written = f"{whole.fingerprint} labels {chosen.tolist()}".encode()
    fingerprint = hashlib.sha256(written).hexdigest()[:16]
    return replace(whole, train=whole.train.take(chosen), fingerprint=fingerprint)


def stratified_order(strata: np.ndarray, seed: int) -> np.ndarray:
    """(n,) positions in an order of which every beginning has the classes in proportion, the first of each class first.

    >>> stratified_order(np.array([0, 0, 0, 0, 1, 1]), seed=0).tolist()[:2] in ([0, 4], [3, 5], [1, 4], [2, 4])
    True
    """
    random = np.random.default_rng(seed)
    rank = np.empty(len(strata))
    for stratum in np.unique(strata):
        members = random.permutation(np.flatnonzero(strata == stratum))
        # the j-th of c items stands where a share of (j + a random part of a step) / c has been taken
        rank[members] = (np.arange(len(members)) + random.uniform(size=len(members))) / len(members)
        rank[members[0]] -= 1.0
    return np.argsort(rank, kind="stable")


def on_labels(arm: str, size: int) -> str:
    """What the evidence of an arm that learned from `size` labels goes by."""
    return f"label curve: {arm}, {size} labels"
