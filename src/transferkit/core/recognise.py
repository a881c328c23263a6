"""Recognise: which format a path has, and which task its labels set. Both are asked of what the registry finds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transferkit.core import registry
from transferkit.core.errors import WrongUse
from transferkit.core.examples import Examples
from transferkit.core.format import Format, ReadOptions
from transferkit.core.task import Task


def recognise_format(path: Path, options: ReadOptions | None = None) -> Format:
    """The first format that says the path is its own; one line where there is no such path or no such format."""
    formats: list[Format] = sorted((cls() for cls in registry.find("data").values()), key=lambda one: one.turn)
    expected = "; or ".join(f.example for f in formats if f.example)
    if not path.exists():
        raise WrongUse(f"{path}: no such file or folder; expected {expected}")
    if path.is_dir() and not any(path.iterdir()):
        raise WrongUse(f"{path}: the folder is empty; expected {expected}")
    for candidate in formats:
        if candidate.recognises(path, options or ReadOptions()):
            return candidate
    raise WrongUse(f"{path}: no data that can be read was found here; expected {expected}")


def recognise_in_memory(items: Sequence[Any], modality: str) -> Examples:
    """Unlabelled examples of what is already in memory, by the first format of this modality that takes it."""
    formats: list[Format] = [cls() for cls in registry.find("data").values()]
    for candidate in formats:
        if candidate.modality == modality and (examples := candidate.in_memory(items)) is not None:
            return examples
    known = ", ".join(sorted({candidate.modality for candidate in formats}))
    raise WrongUse(f"items of type {type(items).__name__} cannot be read as modality {modality!r}; known: {known}")


def opened(items: Sequence[Any], modality: str) -> Sequence[Any]:
    """Items as a network's processor takes them: paths become lazy items, what is in memory stays as it is.

    A modality whose items are themselves words has no bare files (`Format.items` gives None), so its words stay words.
    """
    if not len(items) or not isinstance(items[0], (str, Path)):
        return items
    formats: list[Format] = [cls() for cls in registry.find("data").values()]
    for candidate in formats:
        if candidate.modality == modality and (found := candidate.items([Path(item) for item in items])) is not None:
            return found
    return items


def recognise_task(labelled: Examples, task: Task | str | None, where: str) -> Task:
    """The task that was named, or else the first whose kind of labels these are."""
    if isinstance(task, Task):
        return task
    if not len(labelled):
        raise WrongUse(f"{where}: not one item has a label, so there is nothing to learn or to prove; label some")
    named = {task: registry.get("tasks", task)} if task else registry.find("tasks")
    for candidate in named.values():
        try:
            recognised: Task | None = candidate.recognise(labelled)
        except WrongUse as reason:
            raise WrongUse(f"{where}: {reason}") from None
        if recognised is not None:
            return recognised
    example = labelled.labels[0] if labelled.labels else None
    raise WrongUse(f"{where}: labels such as {example!r} fit no task of {', '.join(sorted(named))}")
