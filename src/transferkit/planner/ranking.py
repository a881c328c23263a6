"""Ranking: score every source on the open labels from one cached pass each; trains nothing, opens no seal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from transferkit.core.errors import BudgetSpent, TransferkitError, WrongUse
from transferkit.core.examples import Examples
from transferkit.core.network import parts_of
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.core.task import Task
from transferkit.evaluate import left_out
from transferkit.evaluate.forecast import RULE
from transferkit.evaluate.left_out import check_rankable
from transferkit.evaluate.ranking import Candidate, ranked
from transferkit.evaluate.summary import RankedSource
from transferkit.ops.random_features import random_features
from transferkit.sources.processors.image import ImageProcessor
from transferkit.training.body import Body
from transferkit.training.default_bodies import default_body
from transferkit.training.frozen import frozen_states
from transferkit.training.head_outputs import head_outputs
from transferkit.training.reading import all_inputs

if TYPE_CHECKING:
    import pandas

LEFT_OUT = "left out: "
MOST_ITEMS = 10_000
"""Labelled items that sources are scored on: enough to tell them apart, and their features fit in memory."""
FLOOR_SIDE = 32
FLOOR_FEATURES = 512


@dataclass(frozen=True)
class Ranking:
    """Sources, the most promising first; those that could not be scored last, with the reason."""

    rows: tuple[RankedSource, ...]
    seconds: float = 0.0

    def sorted(self, sources: Sequence[Source]) -> tuple[list[Source], list[Source]]:
        """The usable sources in this order, and those of them that are worth fine-tuning: the best two, and whatever else
        does better than random features."""
        by_name = {source.name: source for source in sources}
        usable = [row for row in self.rows if row.is_usable]
        if not usable:
            reasons = "; ".join(row.note.removeprefix(LEFT_OUT) for row in self.rows)
            none = f"none of the {len(self.rows)} sources can" if len(self.rows) > 1 else "the only source cannot"
            raise WrongUse(f"{none} be used here: {reasons}")
        promising = [row for i, row in enumerate(usable) if i < 2 or row.above_floor is not False]
        return [by_name[row.name] for row in usable], [by_name[row.name] for row in promising]

    def to_frame(self) -> pandas.DataFrame:
        """The sources as a pandas table; see `artifact/frames.py` for its columns."""
        from transferkit.artifact.frames import ranking_frame

        return ranking_frame(self.rows)

    def __str__(self) -> str:
        from transferkit.artifact.printed import printed_ranking

        return printed_ranking(self.rows)


def rank_sources(sources: Sequence[Source], target: Target, run: Run) -> Ranking:
    """Score every source on the open labels of `target`, `MOST_ITEMS` of them at most.

    A source that cannot be used here (it cannot be read, its features say nothing) is listed last with the reason. Where the
    task has no features to rank by, usable sources stay in the order given.
    """
    if not target.task.needs_features:
        return _as_given(sources, target)
    check_rankable(target.task)
    begun = time.monotonic()
    whole = target.whole().train
    data = some_of(whole, target.task, run)
    candidates, unusable = [], []
    for position, source in enumerate(sources):
        run.progress("ranking sources", position, len(sources))
        try:
            candidates.append(scored(source, target, data, run))
        except BudgetSpent:
            raise
        except (TransferkitError, ValueError) as reason:
            unusable.append(_left_out(source, str(reason)))
    run.progress("ranking sources", len(sources), len(sources))
    metric = target.task.metric
    per_class = float(np.median(np.unique(target.task.strata(whole.labels or ()), return_counts=True)[1]))
    rows = ranked(
        candidates,
        floor(target, data, run) if candidates else None,
        labels_per_class=per_class if metric.reach <= 1 and metric.higher_is_better else None,
        higher_is_better=metric.higher_is_better,
        rule=RULE
        if target.task.name == "classify" and metric.name in RULE.metrics
        else None,  # tags have no such readers
    )
    return Ranking((*rows, *unusable), time.monotonic() - begun)


def _as_given(sources: Sequence[Source], target: Target) -> Ranking:
    begun = time.monotonic()
    why = f"not ranked: task {target.task.name} has no one feature vector an item"
    rows, unusable = [], []
    for source in sources:
        try:
            card = source.serving(target.task).card()
            Body.pretrained(source, target)
        except (TransferkitError, ValueError) as reason:
            unusable.append(_left_out(source, str(reason)))
            continue
        about = (card.parameters, card.licence, card.trained_on)
        rows.append(RankedSource(source.name, None, None, None, {}, None, *about, note=why, ranked=False))
    return Ranking((*rows, *unusable), time.monotonic() - begun)


def some_of(labelled: Examples, task: Task, run: Run) -> Examples:
    """The items that sources are scored on: all, or `MOST_ITEMS` drawn by the seed, one of every class among them."""
    if len(labelled) <= MOST_ITEMS:
        return labelled
    order = np.random.default_rng(run.derived_seed("ranked items")).permutation(len(labelled))
    first = np.unique(task.strata(labelled.labels or ())[order], return_index=True)[1]  # of each class
    drawn = list(dict.fromkeys([*order[first].tolist(), *order.tolist()]))[:MOST_ITEMS]
    return labelled.take(sorted(drawn))


def scored(source: Source, target: Target, data: Examples, run: Run) -> Candidate:
    """One source, scored on these labelled examples of the target.

    Raises WrongUse or ValueError, with a short reason, where it cannot be: another modality, features that say nothing.
    """
    begun = time.monotonic()
    card = source.card()
    body = Body.pretrained(source, target)
    features = frozen_states(body, data, run)
    outputs = head_outputs(body, features, data, run) if card.classes else None
    scores, per_item = left_out.scored(target.task, features, data.labels or (), outputs)
    return Candidate(
        name=source.name,
        per_item=per_item,
        scores=scores,
        parameters=card.parameters,
        licence=card.licence,
        trained_on=card.trained_on,
        seconds=time.monotonic() - begun,
        notes=body.told(data.items),
    )


def floor(target: Target, data: Examples, run: Run) -> np.ndarray | None:
    """(n,) the metric on each item from features that nobody has learned; None where these are all alike.

    Of pictures: random features of their pixels. Of anything else: what its default network gives before it is trained.
    """
    seed = run.derived_seed("floor")
    if target.modality == "image":
        processor = ImageProcessor(size=(FLOOR_SIDE, FLOOR_SIDE), mean=(0.5,) * 3, std=(0.5,) * 3)
        inputs = parts_of(all_inputs(processor, data.items))[0].flatten(1).numpy()
        if not np.ptp(inputs, axis=0).any():
            return None
        features = random_features(inputs, FLOOR_FEATURES, np.random.default_rng(seed))
    else:
        features = frozen_states(default_body(target.whole(), seed), data, run)
        if not np.ptp(features, axis=0).any():
            return None
    return left_out.left_out(target.task, features, data.labels or ())


def _left_out(source: Source, reason: str) -> RankedSource:
    return RankedSource(source.name, None, None, None, {}, None, note=LEFT_OUT + reason)
