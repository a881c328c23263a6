"""label-equivalence: does the interval hold the true number of labels, on real learning curves?

Nearest neighbours on handwritten digits (Alpaydin & Kaynak 1998, from scikit-learn): scratch sees pixels with noise, transfer
sees them as they are. The true curves are means over many choices of labels. Then, for many small sets of labels, both are
fitted to subsets as a study does it, and asked what transfer is worth in labels. Compared: the form in use, and the plain
power law, which does not know the error of a blind guess.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bench.experiment import Outcome
from transferkit.ops.statistics.label_equivalence import EquivalentSize, equivalent_size
from transferkit.ops.statistics.learning_curve import curve_draws
from transferkit.planner.label_subsets import stratified_order, subset_sizes

GRID = np.unique(np.geomspace(10, 1000, 16).round().astype(int))
BLIND = 0.9
TRUE_CHOICES = 20


class Learner:
    """The nearest neighbour on one view of the digits."""

    def __init__(self, pixels: np.ndarray, labels: np.ndarray) -> None:
        squares = (pixels**2).sum(axis=1)
        self.distance = squares[:, None] + squares[None, :] - 2 * pixels @ pixels.T
        self.labels = labels

    def wrong(self, learned: np.ndarray, judged: np.ndarray) -> np.ndarray:
        """(n_judged,) 1 where the nearest learned item is of another class."""
        nearest = learned[self.distance[np.ix_(judged, learned)].argmin(axis=1)]
        return (self.labels[nearest] != self.labels[judged]).astype(float)

    def true_curve(self, seed: int) -> np.ndarray:
        """The mean error at each count of GRID."""
        everything = np.arange(len(self.labels))
        orders = [stratified_order(self.labels, seed + i) for i in range(TRUE_CHOICES)]
        return np.array(
            [np.mean([self.wrong(o[:m], np.setdiff1d(everything, o[:m])).mean() for o in orders]) for m in GRID]
        )


def run(setting: dict[str, Any], data: Path) -> Outcome:
    from sklearn.datasets import load_digits

    digits = load_digits()
    pixels, labels = digits.data / 16, digits.target
    noise = np.random.default_rng(setting["seed"]).normal(size=pixels.shape)
    transfer = Learner(pixels, labels)
    after = transfer.true_curve(seed=10_000)
    rows = []
    for spread in setting["scratch_noise"]:
        scratch = Learner(pixels + spread * noise, labels)
        before = scratch.true_curve(seed=10_000)
        for n in setting["labels"]:
            true_worth, true_enough = _reaches(before, _at(after, n)), _reaches(after, _at(before, n))
            for i in range(setting["data_sets"]):
                found = _one(scratch, transfer, n, setting, np.random.default_rng([setting["seed"], i, n]))
                rows.append(
                    {"noise": spread, "labels": n}
                    | _judged(found["worth"], true_worth, "")
                    | _judged(found["enough"], true_enough, "reverse_")
                    | _judged(found["plain"], true_worth, "plain_")
                )
    mean = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
    return Outcome(
        figures={
            "coverage": mean["covers"],
            "reverse_coverage": mean["reverse_covers"],
            "plain_coverage": mean["plain_covers"],
            "with_upper_end": mean["bounded"],
            "plain_with_upper_end": mean["plain_bounded"],
            **{f"off_by_{kind}": float(np.median([row[f"{key}off"] for row in rows])) for key, kind in KINDS.items()},
        },
        details={"cells": _cells(rows)},
        seeds=(setting["seed"],),
    )


KINDS = {"": "times", "plain_": "plain_times", "reverse_": "reverse_times"}


def _one(
    scratch: Learner, transfer: Learner, n: int, setting: Mapping[str, Any], random: np.random.Generator
) -> dict[str, EquivalentSize]:
    """What a person with n labels is told."""
    drawn = random.permutation(len(scratch.labels))
    test, rest = drawn[: setting["test_items"]], drawn[setting["test_items"] :]
    own = rest[stratified_order(scratch.labels[rest], int(random.integers(2**31)))[:n]]
    orders = [stratified_order(scratch.labels[own], seed) for seed in range(setting["choices"])]
    sizes = subset_sizes(n, 10)

    def curve(learner: Learner) -> dict[int, np.ndarray]:
        tables = {m: np.stack([learner.wrong(own[order[:m]], test) for order in orders]) for m in sizes}
        return tables | {n: learner.wrong(own, test)[None]}

    before, after = curve(scratch), curve(transfer)
    return {
        "worth": equivalent_size(curve_draws(before, after[n], blind=BLIND)),
        "enough": equivalent_size(curve_draws(after, before[n], blind=BLIND), farthest=1.0),
        "plain": equivalent_size(curve_draws(before, after[n])),
    }


def _judged(found: EquivalentSize, true: float, kind: str) -> dict[str, float]:
    told = min(max(found.size, found.smallest), found.farthest)
    return {
        f"{kind}covers": float(found.low <= true <= found.high),
        f"{kind}too_high": float(found.low > true),
        f"{kind}too_low": float(found.high < true),
        f"{kind}bounded": float(np.isfinite(found.high)),
        f"{kind}off": float(np.exp(abs(np.log(told / min(max(true, found.smallest), found.farthest))))),
        f"{kind}true": true,
        f"{kind}told": told,
    }


def _cells(rows: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    """The mean of everything, and the median answer, for each noise and number of labels."""
    cells = []
    for noise, n in sorted({(row["noise"], row["labels"]) for row in rows}):
        of = [row for row in rows if (row["noise"], row["labels"]) == (noise, n)]
        mean = {key: float(np.mean([row[key] for row in of])) for key in of[0]}
        cells.append(mean | {key: float(np.median([row[key] for row in of])) for key in of[0] if key.endswith("told")})
    return cells


def _at(curve: np.ndarray, n: int) -> float:
    return float(np.interp(np.log(n), np.log(GRID), curve))


def _reaches(curve: np.ndarray, error: float) -> float:
    """The count at which the true curve comes down to an error."""
    return float(np.exp(np.interp(-error, -np.minimum.accumulate(curve), np.log(GRID))))
