"""cross-fitting: does the interval of a cross-fitted gain cover the truth, and what does it find that a sealed split does not?

Many small data sets are drawn from a known world. On each, two arms are cross-fitted as a study would do it: ridge classifiers
on features of different noise, with penalties or views chosen on an inner validation part, with random hidden layers that
differ from seed to seed, and nearest neighbours. The truth is the mean gain, over data sets and folds, on items nobody learned
from. Compared: the form in use, the same without its factor, the interval from items alone (Bayle et al. 2020), that of seeds
and items (`crossed.py`), the corrected t interval of the folds' means (Nadeau & Bengio 2003), and sealing a drawn quarter with
five seeds.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import special

from bench.experiment import Outcome
from transferkit.evaluate.cross_fitted import cross_fitted_gain
from transferkit.evaluate.gain import paired_gain
from transferkit.evaluate.summary import Gain
from transferkit.ops.statistics.cross_fitted import COVARIANCE

LATENT = 8
SEPARATION = 2.2
"""Distance of the class means from the origin, in standard deviations."""
SEALED_SHARE, SEALED_SEEDS = 0.25, 5
INNER_SHARE = 0.25
Interval = tuple[float, float]


@dataclass(frozen=True)
class Arm:
    """How an arm sees the items, and how it learns."""

    noise: float
    """Of its own view, on top of what all arms share."""
    useless: int = 0
    """Features without any information."""
    hidden: int = 0
    """Units of a random layer, drawn anew for every fit; 0: none."""
    penalties: tuple[float, ...] = (0.1,)
    """In units of the mean eigenvalue; several: chosen on an inner validation part."""
    views: int = 1
    """Several: the best is chosen on an inner validation part."""
    nearest: bool = False
    """Nearest neighbour instead of ridge."""


TUNED = (0.01, 0.1, 1.0, 10.0)
NULL = {
    "plain": Arm(1.0),
    "close": Arm(0.2),
    "many features": Arm(1.0, useless=40, penalties=(0.2,)),
    "nearly interpolating": Arm(1.0, useless=40, penalties=(0.02,)),
    "tuned": Arm(1.0, useless=40, penalties=TUNED),
    "neighbour": Arm(0.7, nearest=True),
    "seeds": Arm(0.5, hidden=32),
    "chosen of three": Arm(1.5, useless=10, views=3),
}
"""Both arms alike: the gain is exactly 0, whatever is chosen inside."""
UNEQUAL = {
    "positive": (Arm(0.5, useless=8, penalties=TUNED), Arm(1.0, hidden=24, penalties=TUNED)),
    "large": (Arm(0.1), Arm(3.0, useless=10)),
    "negative": (Arm(1.6, useless=40, penalties=TUNED), Arm(0.5, hidden=24, penalties=TUNED)),
}


def run(setting: dict[str, Any], data: Path) -> Outcome:
    arms = {name: (arm, arm) for name, arm in NULL.items()} | UNEQUAL
    cells = []
    for (name, pair), n, n_classes in itertools.product(arms.items(), setting["labels"], setting["classes"]):
        random = np.random.default_rng([setting["seed"], n, n_classes, list(arms).index(name)])
        world = World.draw(random, pair, setting["data_sets"], n, n_classes, setting["fresh_items"])
        cells += [{"arms": name, "labels": n, "classes": n_classes} | cell for cell in _judged(world, setting)]
    of = _pooled(cells)
    most, ours = max(setting["repeats"]), "cross_fitted"
    nulls = list(NULL)
    return Outcome(
        figures={
            "coverage": of(ours, "covers"),
            "least_coverage": min(of(ours, "covers", arms=name) for name in arms),
            "false_helps": of(ours, "helps", among=nulls),
            "most_false_helps": max(of(ours, "helps", arms=name) for name in nulls),
            "without_factor_coverage": of("without_factor", "covers"),
            "without_factor_most_false_helps": max(of("without_factor", "helps", arms=name) for name in nulls),
            "items_alone_coverage": of("items", "covers"),
            "nadeau_bengio_least_coverage": min(of("nadeau_bengio", "covers", arms=name) for name in arms),
            "power": of(ours, "helps", among=["positive", "large"], repeats=most),
            "crossed_power": of("crossed", "helps", among=["positive", "large"], repeats=most),
            "nadeau_bengio_power": of("nadeau_bengio", "helps", among=["positive", "large"], repeats=most),
            "sealed_split_power": of("sealed", "helps", among=["positive", "large"]),
        },
        details={
            "by_labels": {
                str(n): {
                    "coverage": of(ours, "covers", labels=n),
                    "false_helps": of(ours, "helps", among=nulls, labels=n),
                    "power": of(ours, "helps", among=["positive", "large"], labels=n, repeats=most),
                    "half_width": of(ours, "half_width", labels=n, repeats=most),
                    "sealed_split_power": of("sealed", "helps", among=["positive", "large"], labels=n),
                    "sealed_split_half_width": of("sealed", "half_width", labels=n),
                }
                for n in setting["labels"]
            },
            "cells": cells,
            "notes": [
                "coverage, helps and power are shares of data sets; half widths are in accuracy, 0 to 1",
                "least and most: over kinds of arms, each pooled over labels, classes and repeats",
                "the sealed split is judged by its own truth: the mean gain of what three quarters of the labels teach",
            ],
        },
        seeds=(setting["seed"],),
    )


@dataclass(frozen=True)
class World:
    """Data sets of n labelled and m fresh items, as both arms see them. Arrays begin with the data sets."""

    random: np.random.Generator
    arms: tuple[Arm, Arm]
    views: list[list[np.ndarray]]
    """Arm -> its views, (sets, n + m, features) each; the n labelled items first."""
    labels: np.ndarray
    """(n,)"""
    fresh: np.ndarray
    """(m,) their labels."""

    @classmethod
    def draw(
        cls, random: np.random.Generator, arms: tuple[Arm, Arm], n_sets: int, n: int, n_classes: int, m: int
    ) -> World:
        labels, fresh = np.arange(n) % n_classes, np.arange(m) % n_classes
        means = SEPARATION * np.linalg.qr(random.normal(size=(LATENT, LATENT)))[0][:n_classes]
        shared = means[np.concatenate([labels, fresh])] + random.normal(size=(n_sets, n + m, LATENT))
        views = []
        for arm in arms:
            seen = [shared + arm.noise * random.normal(size=shared.shape) for _ in range(arm.views)]
            useless = (n_sets, n + m, arm.useless)
            views.append([np.concatenate([one, random.normal(size=useless)], axis=2) for one in seen])
        return cls(random, arms, views, labels, fresh)

    def differences(self, learned: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Right or wrong of the first arm minus that of the second, where both learn from `learned` (sets, n) 0 or 1.

        On the labelled items (sets, n), and the mean over the fresh ones (sets,).
        """
        truth = np.concatenate([self.labels, self.fresh])
        right = [self._predict(arm, views, learned) == truth for arm, views in zip(self.arms, self.views, strict=True)]
        differences = right[0].astype(float) - right[1]
        n = len(self.labels)
        return differences[:, :n], differences[:, n:].mean(axis=1)

    def _predict(self, arm: Arm, views: Sequence[np.ndarray], learned: np.ndarray) -> np.ndarray:
        """(sets, n + m) classes."""
        if arm.nearest:
            return self._neighbours(views[0], learned)
        options = [(self._features(arm, view), penalty) for view in views for penalty in arm.penalties]
        answers = np.stack([self._ridge(features, learned, penalty) for features, penalty in options])
        if len(options) == 1:
            return answers[0]
        inner = learned * (self.random.random(learned.shape) < INNER_SHARE)
        n = len(self.labels)
        tried = [self._ridge(features[:, :n], learned - inner, penalty) for features, penalty in options]
        hits = np.stack([((one == self.labels) * inner).sum(axis=1) for one in tried])
        best = (hits + 0.5 * self.random.random(hits.shape)).argmax(axis=0)  # ties are broken at random
        return answers[best, np.arange(len(best))]

    def _features(self, arm: Arm, view: np.ndarray) -> np.ndarray:
        if not arm.hidden:
            return view
        layer = self.random.normal(size=(len(view), view.shape[2], arm.hidden)) / np.sqrt(view.shape[2])
        return np.maximum(view @ layer, 0)

    def _ridge(self, features: np.ndarray, learned: np.ndarray, penalty: float) -> np.ndarray:
        n, d = len(self.labels), features.shape[2]
        targets = np.eye(self.labels.max() + 1)[self.labels]
        weights = learned / np.maximum(learned.sum(axis=1, keepdims=True), 1)
        means = np.einsum("bn,bnd->bd", weights, features[:, :n])
        centred = (features[:, :n] - means[:, None]) * weights[:, :, None]
        moments = centred.transpose(0, 2, 1) @ (features[:, :n] - means[:, None])
        scale = np.trace(moments, axis1=1, axis2=2) / min(n, d)
        moments = moments + (penalty * scale + 1e-9)[:, None, None] * np.eye(d)
        shares = weights @ targets  # (sets, classes)
        slopes = np.linalg.solve(moments, centred.transpose(0, 2, 1) @ targets)
        guesses: np.ndarray = ((features - means[:, None]) @ slopes + shares[:, None]).argmax(axis=2)
        return guesses

    def _neighbours(self, view: np.ndarray, learned: np.ndarray) -> np.ndarray:
        known = view[:, : len(self.labels)]
        distance = np.square(known).sum(axis=2)[:, None] - 2 * view @ known.transpose(0, 2, 1)
        nearest: np.ndarray = self.labels[np.where(learned[:, None] > 0, distance, np.inf).argmin(axis=2)]
        return nearest


def _judged(world: World, setting: dict[str, Any]) -> list[dict[str, Any]]:
    """What each form says of one kind of arms, labels and classes; one row a form and number of repeats."""
    tables, deals, truth = _cross_fitted(world, setting["folds"], max(setting["repeats"]))
    rows = []
    for repeats in setting["repeats"]:
        some = list(tables[:, :repeats])
        forms = {
            "cross_fitted": [_bounds(cross_fitted_gain(t, 0 * t, reach=np.inf)) for t in some],
            "without_factor": [_without_factor(cross_fitted_gain(t, 0 * t, reach=np.inf)) for t in some],
            "crossed": [_bounds(paired_gain(t, 0 * t, reach=np.inf)) for t in some],
            "items": [_bounds(paired_gain(t.mean(axis=0)[None], 0 * t[:1], reach=np.inf)) for t in some],
            "nadeau_bengio": [
                _nadeau_bengio(t, d, setting["folds"]) for t, d in zip(some, deals[:, :repeats], strict=True)
            ],
        }
        rows += [{"form": form, "repeats": repeats} | _shares(bounds, truth) for form, bounds in forms.items()]
    sealed, truth = _sealed(world)
    bounds = [_bounds(paired_gain(t, 0 * t, reach=np.inf)) for t in sealed]
    return [*rows, {"form": "sealed", "repeats": SEALED_SEEDS} | _shares(bounds, truth)]


def _cross_fitted(world: World, n_folds: int, repeats: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Differences and folds, (sets, repeats, n) both, and the true gain."""
    n_sets, n = len(world.views[0][0]), len(world.labels)
    tables, deals, truth = np.empty((n_sets, repeats, n)), np.empty((n_sets, repeats, n), dtype=int), []
    for repeat in range(repeats):
        deal = _dealt(world, n_folds)
        for fold in range(n_folds):
            judged, fresh = world.differences((deal != fold).astype(float))
            tables[:, repeat] = np.where(deal == fold, judged, tables[:, repeat])
            truth.append(fresh.mean())
        deals[:, repeat] = deal
    return tables, deals, float(np.mean(truth))


def _sealed(world: World) -> tuple[list[np.ndarray], float]:
    """The table (seeds, sealed items) of every data set where a quarter is sealed, and the true gain."""
    n_sets = len(world.views[0][0])
    deal = _dealt(world, round(1 / SEALED_SHARE))
    fits = [world.differences((deal != 0).astype(float)) for _ in range(SEALED_SEEDS)]
    tables = [np.stack([judged[i, deal[i] == 0] for judged, _ in fits]) for i in range(n_sets)]
    return tables, float(np.mean([fresh for _, fresh in fits]))


def _dealt(world: World, n_folds: int) -> np.ndarray:
    """(sets, n) the fold of each item, class by class."""
    deal = np.empty((len(world.views[0][0]), len(world.labels)), dtype=int)
    begin = 0
    for label in np.unique(world.labels):
        members = np.flatnonzero(world.labels == label)
        order = world.random.random((len(deal), len(members))).argsort(axis=1)
        deal[:, members] = (order + begin) % n_folds
        begin += len(members)
    return deal


def _nadeau_bengio(table: np.ndarray, deal: np.ndarray, n_folds: int) -> Interval:
    """Mean of the J fold means +- t(J - 1) sqrt((1 / J + n_test / n_train) S^2)."""
    means = np.array([row[fold == k].mean() for row, fold in zip(table, deal, strict=True) for k in range(n_folds)])
    error = ((1 / len(means) + 1 / (n_folds - 1)) * means.var(ddof=1)) ** 0.5
    reach = float(special.stdtrit(len(means) - 1, 0.975)) * error
    return float(means.mean()) - reach, float(means.mean()) + reach


def _bounds(gain: Gain) -> Interval:
    return gain.low, gain.high


def _without_factor(gain: Gain) -> Interval:
    wider = COVARIANCE**0.5
    return gain.mean - (gain.mean - gain.low) / wider, gain.mean + (gain.high - gain.mean) / wider


def _shares(bounds: Sequence[Interval], truth: float) -> dict[str, float]:
    low, high = np.array(bounds).T
    return {
        "truth": round(truth, 4),
        "covers": float(((low <= truth) & (truth <= high)).mean()),
        "helps": float((low > 0).mean()),
        "hurts": float((high < 0).mean()),
        "half_width": round(float((high - low).mean() / 2), 4),
    }


def _pooled(cells: Sequence[dict[str, Any]]) -> Any:
    """A function that gives the mean of a figure over the cells of a form, of some arms, labels or repeats."""
    by_form = defaultdict(list)
    for cell in cells:
        by_form[cell["form"]].append(cell)

    def of(form: str, figure: str, among: Sequence[str] | None = None, **only: Any) -> float:
        chosen = [
            cell[figure]
            for cell in by_form[form]
            if all(cell[key] == value for key, value in only.items()) and (among is None or cell["arms"] in among)
        ]
        return round(float(np.mean(chosen)), 4)

    return of
