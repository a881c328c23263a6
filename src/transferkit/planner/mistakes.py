"""Mistakes: what the returned predictor takes for what, and the test items it is most surely, or farthest, wrong about.

Where it is wrong about none, those it is least sure of stand in their place, so that there is something to be seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from transferkit.artifact.wording import counted, in_short
from transferkit.core.examples import Examples
from transferkit.core.task import Predictions, Task
from transferkit.evaluate.summary import Mistake, TagResult
from transferkit.planner.findings import Findings
from transferkit.planner.shown import shown

MOST = 12
"""Items shown."""
MOST_RIGHT = 6
"""Items shown where none is wrong."""
MOST_NUMBERS = 500
"""Points of a scatter; the order of test items is that of their contents, so the first are as good as any."""


@dataclass(frozen=True)
class Worst:
    """Test items that are wrong, the worst first; where none is, those that came nearest to it."""

    order: tuple[int, ...] = ()
    confidence: tuple[float | None, ...] = ()
    off: tuple[str, ...] = ()
    """Both one an item of `order`; () where there is nothing of the kind."""
    are_right: bool = False


@dataclass(frozen=True)
class Told:
    """What there is to tell of one predictor; the kind of task decides which of it is not empty."""

    mistakes: tuple[Mistake, ...] = ()
    confusion: tuple[tuple[int, ...], ...] | None = None
    tags: tuple[TagResult, ...] = ()
    numbers: tuple[tuple[float, float], ...] = ()


def on_the_test(findings: Findings, best: str) -> Told:
    """Of the returned predictor, once the test is open; nothing of tasks that are not known here."""
    proven, test, target = findings.evidence.get(best), findings.test, findings.trials.target
    if proven is None or test is None:
        return Told()
    worst, told = look_at(target.task, test.labels or (), proven.predictions)
    mistakes = []
    for place, i in enumerate(worst.order[: MOST_RIGHT if worst.are_right else MOST]):
        confidence = worst.confidence[place] if worst.confidence else None
        off = worst.off[place] if worst.off else ""
        mistake = _mistake(test, proven.predictions, i, confidence, off)
        mistake = replace(mistake, is_right=worst.are_right)
        mistakes.append(shown(mistake, test.items[i], target.modality, test.channels))
    return replace(told, mistakes=tuple(mistakes))


def look_at(task: Task, labels: Sequence[Any], predictions: Predictions) -> tuple[Worst, Told]:
    """What predictions of known labels get wrong; nothing of a task that is not known here."""
    known = _LOOK_AT.get(task.name)
    return known(task, labels, predictions) if known else (Worst(), Told())


def _mistake(test: Examples, predictions: Predictions, i: int, confidence: float | None, off: str) -> Mistake:
    return Mistake(
        name=test.names[i] if test.names else f"item {i}",
        truth=_said((test.labels or ())[i]),
        predicted=_said(predictions.labels[i]),
        confidence=confidence,
        thumbnail=None,
        off=off,
    )


def _said(label: Any) -> str:
    """A class as it is, tags one after the other, a number in short."""
    if isinstance(label, tuple):
        return ", ".join(label) or "no tag"
    return in_short(label, 4) if isinstance(label, float) else str(label)


def _classes(task: Task, labels: Any, predictions: Predictions) -> tuple[Worst, Told]:
    """The surest of what is taken for another class; where nothing is, the least sure."""
    scores = predictions.scores
    if scores is None:
        return Worst(), Told()
    truth, guess = task.strata(labels), task.strata(predictions.labels)
    n_classes = scores.shape[1]
    confusion = np.bincount(truth * n_classes + guess, minlength=n_classes**2).reshape(n_classes, n_classes)
    confidence = scores[np.arange(len(guess)), guess]
    wrong = np.flatnonzero(truth != guess)
    surest, least_sure = wrong[np.argsort(-confidence[wrong], kind="stable")], np.argsort(confidence, kind="stable")
    order = surest if len(wrong) else least_sure
    worst = Worst(tuple(order.tolist()), tuple(confidence[order].tolist()), are_right=not len(wrong))
    return worst, Told(confusion=tuple(tuple(row) for row in confusion.tolist()))


def _tags(task: Task, labels: Any, predictions: Predictions) -> tuple[Worst, Told]:
    """The items of which a tag is most surely said wrongly, or most nearly was, and how well each tag is told."""
    from transferkit.tasks.metrics.classes.average_precision import area_under_steps
    from transferkit.tasks.metrics.tags._tables import table

    scores, classes = predictions.scores, task.describe()["classes"]
    if scores is None:
        return Worst(), Told()
    truth, said = table(labels, classes), table(predictions.labels, classes)  # (n, C) bool
    are_right = bool((truth == said).all())
    sure = np.where((truth != said) | are_right, np.abs(scores - truth), -1.0)  # (n, C) that a wrong decision is right
    worst, order = sure.argmax(axis=1), np.argsort(-sure.max(axis=1), kind="stable")
    order = order[sure.max(axis=1)[order] >= 0]
    off = [
        f"{classes[worst[i]]}: {_decided(truth[i, worst[i]], are_right)}{100 * scores[i, worst[i]]:.0f} %"
        for i in order
    ]
    tags = [
        TagResult(
            tag=name,
            n_items=int(truth[:, k].sum()),
            average_precision=float(area_under_steps(scores[:, k], truth[:, k])[0]) if truth[:, k].any() else None,
            missed=int((truth[:, k] & ~said[:, k]).sum()),
            wrongly=int((said[:, k] & ~truth[:, k]).sum()),
        )
        for k, name in enumerate(classes)
    ]
    return Worst(tuple(order.tolist()), off=tuple(off), are_right=are_right), Told(tags=tuple(tags))


def _decided(is_borne: bool, is_right: bool) -> str:
    return "" if is_right else "missed, " if is_borne else "wrongly, "


def _numbers(task: Task, labels: Any, predictions: Predictions) -> tuple[Worst, Told]:
    """The numbers farthest from the truth."""
    truth, guess = (np.asarray(values, dtype=np.float64) for values in (labels, predictions.labels))
    error = guess - truth
    order = np.argsort(-np.abs(error), kind="stable")
    pairs = np.stack([truth, guess], axis=1)[:MOST_NUMBERS]
    worst = Worst(tuple(order.tolist()), off=tuple(_signed(error[i]) for i in order))
    return worst, Told(numbers=tuple((float(f"{a:.6g}"), float(f"{b:.6g}")) for a, b in pairs.tolist()))


def _signed(error: float) -> str:
    return ("-" if error < 0 else "+") + in_short(abs(error), 3)


def _transcripts(task: Task, labels: Any, predictions: Predictions) -> tuple[Worst, Told]:
    """The transcripts with most words wrong for their length; where none is, the longest."""
    from transferkit.ops.edit_distance import edit_distance

    pairs = [(truth.split(), guess.split()) for truth, guess in zip(labels, predictions.labels, strict=True)]
    errors = np.array([edit_distance(truth, guess) for truth, guess in pairs])
    lengths = np.array([len(truth) for truth, _ in pairs])
    order = np.argsort(-errors / np.maximum(lengths, 1), kind="stable")
    are_right = not errors.any()
    order = np.argsort(-lengths, kind="stable") if are_right else order[errors[order] > 0]
    off = (f"{counted(errors[i], 'error')} in {counted(lengths[i], 'word')}" for i in order)
    return Worst(tuple(order.tolist()), off=tuple(off), are_right=are_right), Told()


_LOOK_AT: dict[str, Callable[[Task, Any, Predictions], tuple[Worst, Told]]] = {
    "classify": _classes,
    "tag": _tags,
    "regress": _numbers,
    "transcribe": _transcripts,
}
