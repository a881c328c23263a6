"""Profile: a target's labels, classes, sizes and its distance from each source, before anything is fitted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from transferkit.core.errors import BudgetSpent, TransferkitError
from transferkit.core.examples import Examples
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.evaluate.planned import Profile
from transferkit.training.body import Body
from transferkit.training.shift import shift

SIZED_ITEMS = 16
"""Items that are opened to learn the usual size."""


def profile(target: Target, sources: Sequence[Source], run: Run) -> Profile:
    """What can be said of `target` for these usable sources; opens a few items and runs a small batch through each network."""
    everything = target.whole().train
    looked_at = everything if len(everything) else target.unlabelled
    labels = everything.labels or ()
    classes = target.task.describe().get("classes")
    counts = np.unique(target.task.strata(labels), return_counts=True)[1] if classes and labels else None
    return Profile(
        n_labels=len(everything),
        n_test=len(target.test),
        n_unlabelled=len(target.unlabelled),
        n_classes=len(classes) if classes else None,
        labels_per_class=None if counts is None else (int(counts.min()), float(np.median(counts)), int(counts.max())),
        modality=target.modality,
        task=target.task.name,
        item_size=_usual_size(looked_at),
        shifts={source.name: _shift(source, target, looked_at, run) for source in sources},
    )


def _shift(source: Source, target: Target, examples: Examples, run: Run) -> float | None:
    """None too where this source cannot be run on these items: the ranking has said why."""
    try:
        return shift(Body.pretrained(source, target), examples, run)
    except BudgetSpent:
        raise
    except (TransferkitError, ValueError):
        return None


def _usual_size(examples: Examples) -> tuple[int, int] | None:
    """Median width and height of the first pictures; None where items have no size."""
    some = examples.take(range(min(SIZED_ITEMS, len(examples)))).items
    sizes = [size for item in some if isinstance(size := getattr(item, "size", None), tuple)]
    if not sizes:
        return None
    width, height = np.median(np.array(sizes), axis=0)
    return int(width), int(height)
