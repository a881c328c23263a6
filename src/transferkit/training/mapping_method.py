"""MappingMethod: a map f from the source's feature space to the target's, then a learner on mapped source items and
labelled target items. Imports nothing heavy.

    minimise  sum over target items loss(y_i, h(t_i)) + w sum over source items loss(y_j, h(f(s_j)))

w, how much all source items together count beside all labelled target items, is chosen by folds of the target's
labels, 0 - the target alone - among the candidates; where f was learned from labels it is learned anew without those
held out. A handful of labels chooses badly, so where pairs or class names say how the spaces belong together w stays 1
unless another is better by more than the standard error of the difference.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from transferkit.core.errors import Failed, WrongUse
from transferkit.training.space_method import SpaceMethod, predictor_in

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.ops.mappings.narrow import Narrow
    from transferkit.ops.mappings.space_map import SpaceMap
    from transferkit.training.learners.contract import Learner
    from transferkit.training.two_spaces import TwoSpaces

SHARES = (0.0, 0.1, 0.3, 1.0, 3.0)
FOLDS = 5
LEAST_TO_CHOOSE = 4
"""Labels below which folds say nothing."""
LEAST_CHANCE = 1e-2
"""Of the truth, in a fold: a class of which the fold's other items had none costs no more than this."""


@dataclass(frozen=True, kw_only=True)
class MappingMethod(SpaceMethod, ABC):
    """A subclass gives `carry`, the map, and says by `looks_at_labels` whether that learns from the target's labels."""

    trusted: ClassVar[bool] = False
    """True where something says how the spaces belong together, so that the source counts unless labels speak against it."""

    source_share: float | None = None
    """How much all source items together count beside all labelled target items, such as 0.3; None: chosen by folds
    of the target's labels, 0 among the candidates."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.source_share is not None and not self.source_share >= 0:
            raise WrongUse(f"{self.name}:source_share={self.source_share} must be at least 0")

    @abstractmethod
    def carry(self, spaces: TwoSpaces, run: Run) -> SpaceMap:
        """The map from the source's space to the target's. Raises ValueError, one line, where there is none."""

    @abstractmethod
    def looks_at_labels(self, spaces: TwoSpaces) -> bool:
        """Whether other target labels would give another map."""

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """One pass through the networks, the map, then a learner in the target's space."""
        from transferkit.training.learner_method import record_of
        from transferkit.training.two_spaces import TwoSpaces

        if not self.suits(target.task):
            raise WrongUse(f"method {self.name} carries classes and numbers; task {target.task.name} has neither")
        spaces = TwoSpaces.of(self, sources, target, run)
        run.check_deadline()
        found = self._carried(spaces, run)
        share, notes = self._share(spaces, found, run)
        learner = self._on_both(spaces, found, share, run)
        settings = {**found.chosen, "source_share": share} | self._linked(spaces)
        record = record_of(learner, settings, (*spaces.notes, *found.notes, *notes))
        return predictor_in(spaces, learner, record)

    def _linked(self, spaces: TwoSpaces) -> dict[str, Any]:
        """What of the spaces the map was learned from, for the record."""
        return {}

    def _carried(self, spaces: TwoSpaces, run: Run) -> SpaceMap:
        """The map; of spaces with very many columns between their leading principal axes."""
        from transferkit.ops.mappings.narrow import Narrow

        source = Narrow.of(spaces.source if spaces.pairs is None else np.concatenate([spaces.source, spaces.pairs[0]]))
        target = Narrow.of(spaces.target)
        try:
            found = self.carry(_narrowed(spaces, source, target), run)
        except ValueError as reason:
            if isinstance(reason, (WrongUse, Failed)):
                raise
            raise Failed(f"method {self.name} found no map: {reason}") from None
        first, last = () if source is None else (source.there,), () if target is None else (target.back,)
        return replace(found, maps=(*first, *found.maps, *last))

    def _share(self, spaces: TwoSpaces, found: SpaceMap, run: Run) -> tuple[float, tuple[str, ...]]:
        """How much the source counts, and what a person should know of it."""
        from transferkit.ops.folds import folds

        labels = spaces.target_labels
        if not labels or self.source_share is not None:
            return 1.0 if self.source_share is None else self.source_share, ()
        if len(labels) < LEAST_TO_CHOOSE:
            return 1.0, (
                f"{len(labels)} labels are too few to choose by how much the source counts: as much as they do",
            )
        strata = spaces.task.strata(labels)
        fold = folds(strata, min(FOLDS, len(labels)), run.derived_seed("folds of the target"), keep_last=False)
        told: list[np.ndarray] = []
        for part in np.unique(fold):
            run.check_deadline()
            held = np.flatnonzero(fold == part)
            rest = without_labels(spaces, held)
            if spaces.task.balances and len(set(rest.source_labels) & set(rest.target_labels)) < 2:
                continue  # too few classes are left to map by, and to tell apart
            mapped = self._carried(rest, run) if self.looks_at_labels(spaces) else found
            told.append(np.array([_losses(self._on_both(rest, mapped, share, run), spaces, held) for share in SHARES]))
        if not told:
            return 1.0, (
                "the labels are too few of each class to choose by how much the source counts: as much as they do",
            )
        best = self._best(np.concatenate(told, axis=1))
        if best == 0:
            return best, (
                "mapped source items did not help to predict held-out target labels: the target's labels stand alone",
            )
        return best, ()

    def _best(self, losses: np.ndarray) -> float:
        """The share of the least loss, of losses (n_shares, n); 1 where it is trusted and no other is clearly better."""
        best, even = int(losses.mean(axis=1).argmin()), SHARES.index(1.0)
        gain = losses[even] - losses[best]
        if self.trusted and gain.mean() <= gain.std(ddof=1) / np.sqrt(len(gain)):
            return SHARES[even]
        return SHARES[best]

    def _on_both(self, spaces: TwoSpaces, mapped: SpaceMap, share: float, run: Run) -> Learner:
        own = spaces.target[: len(spaces.target_labels)]
        if not len(own):
            return self.learned(spaces.task, mapped(spaces.source), spaces.source_labels, spaces.source_weights, run)
        theirs = spaces.source_weights * (share * len(own) / len(spaces.source))
        if share == 0:
            return self.learned(spaces.task, own, spaces.target_labels, spaces.target_weights, run)
        return self.learned(
            spaces.task,
            np.concatenate([mapped(spaces.source), own]),
            (*spaces.source_labels, *spaces.target_labels),
            np.concatenate([theirs, spaces.target_weights]),
            run,
        )


def _narrowed(spaces: TwoSpaces, source: Narrow | None, target: Narrow | None) -> TwoSpaces:
    """The same rows on the axes of each space that is narrowed."""

    def on(narrow: Narrow | None, rows: np.ndarray) -> np.ndarray:
        return rows if narrow is None else narrow.there(rows)

    pairs = spaces.pairs and (on(source, spaces.pairs[0]), on(target, spaces.pairs[1]))
    return replace(spaces, source=on(source, spaces.source), target=on(target, spaces.target), pairs=pairs)


def without_labels(spaces: TwoSpaces, held: np.ndarray) -> TwoSpaces:
    """The same spaces, the labels at these positions not known: their rows come after those that have one."""
    n_labels = len(spaces.target_labels)
    kept = np.setdiff1d(np.arange(n_labels), held)
    order = np.concatenate([kept, held, np.arange(n_labels, len(spaces.target))])
    weights = spaces.target_weights[kept]
    return replace(
        spaces,
        target=spaces.target[order],
        target_labels=tuple(spaces.target_labels[i] for i in kept),
        target_weights=weights / weights.mean() if len(weights) else weights,
    )


def _losses(learner: Learner, spaces: TwoSpaces, held: np.ndarray) -> np.ndarray:
    """(h,) log-loss, or squared error, of the learner on labelled target items."""
    told = learner.predict(spaces.target[held])
    labels = [spaces.target_labels[i] for i in held]
    weights = spaces.target_weights[held]
    if not spaces.task.balances:
        errors = np.asarray(told.labels, dtype=np.float64) - np.asarray(labels, dtype=np.float64)
        squared: np.ndarray = weights * errors**2
        return squared
    assert told.scores is not None  # of a task with classes
    truth = told.scores[np.arange(len(held)), np.asarray(spaces.task.encode(labels))]
    surprise: np.ndarray = -weights * np.log(np.maximum(truth, LEAST_CHANCE))
    return surprise
