"""`memory:` labelled data that this process holds: `transferkit.source_of(items, labels, name=...)` gives one.

A process of its own (a worker on another machine, a study that goes on tomorrow) does not have it, and says so.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from transferkit.core.errors import WrongUse
from transferkit.core.run import Progress, silent
from transferkit.core.source import Card, Source, SourceOptions
from transferkit.sources.data_set import DataSet

if TYPE_CHECKING:
    from transferkit.core.target import Target

_HELD: dict[str, Target] = {}


class Memory(DataSet):
    """A labelled data set in memory, by the name it was given."""

    example = "memory:drawings"

    def place(self, location: str) -> str:
        """The name itself; one line where nothing of that name is held."""
        self.check(location)
        return location

    def check(self, location: str) -> None:
        if location not in _HELD:
            raise WrongUse(
                f"memory:{location} is not held by this process; give the data with source_of, or name a folder"
            )

    def card(self, location: str, options: SourceOptions) -> Card:
        if options.learned or options.refused:
            return super().card(location, options)
        data = self.data(location, options)
        classes = tuple(data.task.describe().get("classes") or ())
        return Card(self.name(location), data.modality, "data", data.fingerprint, classes=classes)

    def data(
        self, location: str, options: SourceOptions, progress: Progress = silent, task: str | None = None
    ) -> Target:
        self.check(location)
        return _HELD[location]

    def state(self, location: str) -> Hashable | None:
        """None: what is held needs no reading."""
        return None

    def name(self, location: str) -> str:
        return f"memory:{location}"


def keep(name: str, data: Target) -> Source:
    """A source of labelled data that are in memory, until another takes the name or the process ends."""
    _HELD[name] = data
    return Source(f"memory:{name}")


def source_of(items: Any, labels: Any, *, name: str, modality: str | None = None, task: Any = None) -> Source:
    """Labelled data in memory as a source: items and labels as `Target.of` takes them.

    >>> import numpy as np
    >>> drawings = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    >>> source_of(drawings, ["cat", "dog"] * 20, name="drawings").name
    'memory:drawings'
    """
    from transferkit.core.recognise import reading_in_memory
    from transferkit.core.target import Target

    return keep(name, Target.to_learn_from(name, reading_in_memory(items, labels, name, modality), task))
