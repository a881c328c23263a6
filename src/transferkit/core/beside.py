"""A target beside another domain: where its own labels are none or a handful, data of that domain say what the task is, and
the few labels serve as evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from transferkit.core import registry
from transferkit.core.errors import WrongUse
from transferkit.core.examples import Sealed
from transferkit.core.format import Reading, ReadOptions
from transferkit.core.recognise import reading_in_memory, recognise_format
from transferkit.core.run import Progress, silent
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.core.task import Task


def read_beside(
    path: str | Path,
    other: Callable[..., Target],
    *,
    task: Task | str | None = None,
    metric: str | None = None,
    seed: int = 0,
    options: ReadOptions | None = None,
    test_share: float = 0.25,
    progress: Progress = silent,
) -> Target:
    """As `Target.read`, for a target that may have no labels, or too few to learn from.

    `other`: gives the labelled data of the other domain, to be learned for its keyword `task`, a name or None.
    """
    named = task.partition(":")[0].strip() if isinstance(task, str) else task and task.name
    if named:
        registry.get("tasks", named)
    domain = other(task=named)
    elsewhere = domain.label_column or None
    options = replace(options or ReadOptions(), not_labels=_features(domain), label_elsewhere=elsewhere)
    try:
        return Target.read(
            path, task=task, metric=metric, seed=seed, options=options, test_share=test_share, progress=progress
        )
    except WrongUse as reason:
        name = Path(path).resolve().name
        if named and domain.task.name != named:
            raise WrongUse(f"{reason}; and {domain.name} is there to {domain.task.name}, not to {named}") from None
        reading = _with_few(path, replace(options, unlabelled=True), domain.task, progress)
        return with_few_labels(name, reading, domain, str(reason), metric)


def target_beside(
    items: Any,
    source: Source,
    *,
    labels: Any = None,
    name: str = "target",
    modality: str | None = None,
    metric: str | None = None,
) -> Target:
    """A target in memory that is learned for without its labels, in the task of a source of labelled data.

    items: as `Target.of` takes them. labels: None where it has none; else one an item, None for an item without one: those
    that there are stay sealed, as evidence. One line where the source lends no data, or data of another kind or other classes.

    >>> from transferkit.sources.memory import source_of
    >>> rows = [{"a": float(i % 5), "b": float(i % 3)} for i in range(30)]
    >>> old = source_of(rows, ["sick", "well"] * 15, name="old hospital")
    >>> target = target_beside(rows, old, name="new hospital")
    >>> len(target.train), len(target.unlabelled), target.task.name
    (0, 30, 'classify')
    """
    if not source.lends_data:
        raise WrongUse(
            f"{source.name} is a model; to learn for data without labels, name labelled data of the same kind"
        )
    domain = source.data()
    reading = reading_in_memory(items, [None] * len(items) if labels is None else labels, name, modality)
    return with_few_labels(name, reading, domain, f"the other labels are those of {domain.name}", metric)


def _with_few(path: str | Path, options: ReadOptions, task: Task, progress: Progress) -> Reading:
    """The items and what labels they have; a column that was only guessed to hold them is none if none is of this task."""
    try:
        reading = _read(path, options, progress)
    except WrongUse:  # a label column was named, for the other domain's table
        options = replace(options, label_column=None)
        reading = _read(path, options, progress)
    if len(reading.labelled) and not _known(reading.labelled.labels or (), task):
        return _read(path, replace(options, not_labels=frozenset()), progress)
    return reading


def _known(labels: Sequence[Any], task: Task) -> bool:
    """Whether these may be labels of the task: of classes, one of them is known."""
    try:
        classes, names = task.describe().get("classes"), _names(task.read(labels))
    except WrongUse:
        return False
    return classes is None or bool(names & set(classes))


def _names(labels: Sequence[Any]) -> set[str]:
    """Classes or tags among labels that were read."""
    every = [tag for label in labels for tag in (label if isinstance(label, tuple) else (label,))]
    return {tag for tag in every if isinstance(tag, str)}


def _read(path: str | Path, options: ReadOptions, progress: Progress) -> Reading:
    return recognise_format(path, options).read(Path(path), options, progress)


def _features(other: Target) -> frozenset[str]:
    """The columns of another domain's rows: in this one they are no labels either."""
    first = other.train.items[0] if other.modality == "tabular" else {}
    return frozenset(first)


def with_few_labels(name: str, reading: Reading, other: Target, why: str, metric: str | None = None) -> Target:
    """A target to learn for without labels, in the task of another domain; what labels it has are sealed, `why` says why."""
    if reading.modality != other.modality:
        raise WrongUse(
            f"{name} holds {reading.modality} and {other.name} {other.modality}; to learn for data without labels, those of "
            "the other domain must be of the same kind"
        )
    few = reading.labelled
    if not len(few) + len(reading.unlabelled):
        raise WrongUse(f"{name} holds no items")
    labels = other.task.read(few.labels or ())
    if len(few) and not _known(labels, other.task):
        ours, theirs = (", ".join(sorted(names)[:5]) for names in (_names(labels), other.task.describe()["classes"]))
        raise WrongUse(
            f"{name} and {other.name} share no class: {ours} and {theirs}; classes are matched by their names: give "
            "those that mean the same one name"
        )
    task = other.task.widened(sorted(_names(labels)))
    if len(few):
        reading = replace(reading, notes=(*reading.notes, f"{_evidence(len(few))}: {why}"))
    target = Target.unlabelled_of(name, reading, task, Sealed(replace(few, labels=labels)))
    return target.judged_by(metric) if metric else target


def as_evidence(target: Target) -> Target:
    """The same target, learned for without its labels: all of them are sealed where the owner named no test split and the items
    without a label are at least as many; else the test split stays sealed and the other labels are not known."""
    n_labelled = len(target.train) + len(target.validation) + len(target.test)
    if not target.test_is_given and (target.too_small_to_seal or len(target.unlabelled) >= n_labelled):
        target = target.opened("labels that serve as evidence alone")
        labelled = target.train
        reading = Reading(target.modality, labelled, target.unlabelled, notes=(_evidence(len(labelled)),))
        sealed = Target.unlabelled_of(target.name, reading, target.task, Sealed(labelled))
        return replace(sealed, skipped=target.skipped, warnings=(*target.warnings, *sealed.warnings))
    return target.hidden()


def _evidence(n_labels: int) -> str:
    labels = "the 1 label serves" if n_labels == 1 else f"the {n_labels} labels serve"
    return f"{labels} as evidence alone, and nothing is learned from them"
