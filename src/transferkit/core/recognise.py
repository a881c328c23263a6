"""Recognise: which format a path has, and which task its labels set. Both are asked of what the registry finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from transferkit.core import registry
from transferkit.core.errors import WrongUse
from transferkit.core.examples import Chosen, Examples, Joined
from transferkit.core.format import Format, Reading, ReadOptions
from transferkit.core.labels import are_quantities, are_tags, as_classes, read_labels, read_tags
from transferkit.core.spelling import read_settings
from transferkit.core.task import Task


def recognise_format(place: str | Path, options: ReadOptions | None = None) -> Format:
    """The first format that says the path is its own; one line where there is no such path or no such format.

    A place that is no path, such as `hfdata:name`, belongs to the format of that scheme.
    """
    formats: list[Format] = sorted((cls() for cls in registry.find("data").values()), key=lambda one: one.turn)
    path, scheme = Path(place), str(place).partition(":")[0]
    for candidate in formats:
        if candidate.scheme and candidate.scheme == scheme:
            return candidate
    expected = "; or ".join(f.example for f in formats if f.example)
    if not path.exists():
        raise WrongUse(f"{path}: no such file or folder")
    if path.is_dir() and not any(path.iterdir()):
        raise WrongUse(f"{path}: the folder is empty; expected {expected}")
    for candidate in formats:
        if candidate.recognises(path, options or ReadOptions()):
            return candidate
    raise WrongUse(f"{path}: no data that can be read was found here; expected {expected}")


def recognise_in_memory(items: Sequence[Any], modality: str | None) -> tuple[str, Examples]:
    """The modality and the unlabelled examples of what is already in memory, by the first format that takes it.

    `modality`: asks the formats of this one alone; None: all, in their turns.
    """
    formats: list[Format] = sorted((cls() for cls in registry.find("data").values()), key=lambda one: one.turn)
    refusals = []
    if (
        modality is None and hasattr(items, "iloc") and hasattr(items, "columns")
    ):  # to iterate a table gives column names
        modality = "tabular"
    for candidate in formats:
        if modality not in (None, candidate.modality):
            continue
        try:
            if (examples := candidate.in_memory(items)) is not None:
                return candidate.modality, examples
        except WrongUse as reason:  # another format may take them all the same
            refusals.append(reason)
    if refusals:
        raise refusals[0]
    known = ", ".join(sorted({candidate.modality for candidate in formats if not candidate.scheme}))
    wanted = "any modality" if modality is None else f"modality {modality!r}"
    raise WrongUse(f"items of type {type(items).__name__} cannot be read as {wanted}; known: {known}")


def reading_in_memory(items: Sequence[Any], labels: Sequence[Any], name: str, modality: str | None) -> Reading:
    """What is in memory, with one label an item; those whose label is None, "" or NaN are unlabelled."""
    if len(items) != len(labels):
        raise WrongUse(f"{name}: {len(items)} items and {len(labels)} labels; each item needs one")
    kind, examples = recognise_in_memory(items, modality)
    known = read_labels(list(labels), where=lambda i: f"{name} item {i}")
    examples = replace(examples, labels=tuple(known), names=tuple(f"item {i}" for i in range(len(known))))
    return Reading.of(kind, examples, [None] * len(known))


def opened(items: Sequence[Any], modality: str) -> Sequence[Any]:
    """Items as a network's processor takes them: paths become lazy items, what is in memory stays as it is.

    A `Path` is a file. So is a string, but where items are themselves words: there the format says which string is a path
    (`Format.names_a_file`), and the others stay words. Lazy items, such as those of a target, are open already.
    """
    if hasattr(items, "iloc") or getattr(getattr(items, "dtype", None), "kind", "O") in "biuf":  # a table, numbers
        return recognise_in_memory(items, modality)[1].items
    if not (isinstance(items, list | tuple) or hasattr(items, "__array__")):
        return items
    formats: list[Format] = [cls() for cls in registry.find("data").values()]
    for candidate in formats:
        if candidate.modality != modality or candidate.items([]) is None:
            continue
        files = [i for i, item in enumerate(items) if _names_a_file(item, candidate)]
        found = candidate.items([Path(items[i]) for i in files])
        if not files or found is None:
            continue
        if len(files) == len(items):
            return found
        if len(found) != len(files):
            raise WrongUse(
                f"files that hold many items each, such as {items[files[0]]}, cannot be mixed with other items"
            )
        place = {i: position for position, i in enumerate(files)}
        return Chosen(Joined(found, items), [place.get(i, len(files) + i) for i in range(len(items))])
    return items


def _names_a_file(item: Any, candidate: Format) -> bool:
    return isinstance(item, Path) or (isinstance(item, str) and candidate.names_a_file(item))


def recognise_task(labelled: Examples, task: Task | str | None, where: str) -> Task:
    """The task that was named, with settings if any (`transcribe:case=kept`), or else the first whose kind of labels these
    are."""
    if isinstance(task, Task):
        return task
    if not len(labelled):
        raise WrongUse(f"{where}: not one item has a label, so there is nothing to learn or to prove; label some")
    name = task.partition(":")[0].strip() if task else ""
    named = {name: registry.get("tasks", name)} if task else registry.find("tasks")
    if not task and are_quantities(labelled.labels or ()):
        labelled = replace(labelled, labels=tuple(float(label) for label in labelled.labels or ()))
    if not task and are_tags(labelled.labels or ()):
        labelled = replace(labelled, labels=read_tags(labelled.labels or ()))
    for candidate in named.values():
        try:
            recognised: Task | None = candidate.recognise(labelled)
            if recognised is None and task:  # numbers are classes where a person says so
                recognised = candidate.recognise(replace(labelled, labels=as_classes(labelled.labels or ())))
        except WrongUse as reason:
            raise WrongUse(f"{where}: {reason}") from None
        if recognised is not None:
            return replace(recognised, **read_settings("task", task, candidate)) if task else recognised  # type: ignore[type-var]
    example = labelled.labels[0] if labelled.labels else None
    raise WrongUse(f"{where}: labels such as {example!r} fit no task of {', '.join(sorted(named))}")
