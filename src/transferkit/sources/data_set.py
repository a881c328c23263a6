"""A labelled data set as a source: what `path` and `hfdata` have in common.

A data set is read by the formats that read targets. Where it is to serve as a model, a network is trained on it first (the
source task, `planner/source_tasks.py`), and the folder of that network then goes with the source's name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl

from transferkit.core.errors import Failed, WrongUse, unknown_name
from transferkit.core.format import ReadOptions
from transferkit.core.recognise import recognise_format
from transferkit.core.run import Progress, silent
from transferkit.core.source import Card, Holds, Processor, SourceKind, SourceOptions
from transferkit.core.target import Target
from transferkit.sources import saved_network

if TYPE_CHECKING:
    from transferkit.core.network import Network

MOST_READ = 8
_READ: dict[Hashable, Target] = {}
"""Labelled data that were read in this process, the oldest first; at most `MOST_READ`."""
_NOT_SAID = ("offline", "unlabelled", "not_labels", "label_elsewhere")
"""Options of reading that are not for a person to set here."""
_TARGETS_OWN = ("split_column", "group_column", "weight_column")
"""Columns that a person names for the target; another table need not have them."""


class DataSet(SourceKind, ABC):
    """Labelled data somewhere."""

    holds: ClassVar[Holds] = "data"

    @abstractmethod
    def place(self, location: str) -> str | Path:
        """What the formats are asked to read, without what stands after `?`; one line where nothing is there."""

    def card(self, location: str, options: SourceOptions) -> Card:
        """Of the network learned from the data; without one, of the data, which are read for it."""
        if options.learned or options.refused:
            return saved_network.card(self._learned(location, options), self.name(location))
        data = self.data(location, options)
        classes = tuple(data.task.describe().get("classes") or ())
        return Card(self.name(location), data.modality, "data", data.fingerprint, classes=classes)

    def network(self, location: str, options: SourceOptions) -> Network:
        """The network that was learned from the data."""
        return saved_network.network(self._learned(location, options))

    def processor(self, location: str, options: SourceOptions) -> Processor:
        """What turns items into the input of the network that was learned from the data."""
        return saved_network.processor(self._learned(location, options))

    def data(
        self, location: str, options: SourceOptions, progress: Progress = silent, task: str | None = None
    ) -> Target:
        """Read by the format that recognises it. Columns may be named after `?`, as in `old.csv?label_column=sick`.

        Read once as long as they stay the same, however many methods and targets of this process they are for.
        """
        state = self.state(location)
        if state is None:
            return self._read(location, options, progress, task)
        asked = (type(self), location, options.reading, options.offline, task, state)
        if asked not in _READ:
            while len(_READ) >= MOST_READ:
                _READ.pop(next(iter(_READ)))
            _READ[asked] = self._read(location, options, progress, task)
        return _READ[asked]

    def _read(self, location: str, options: SourceOptions, progress: Progress, task: str | None) -> Target:
        place, said = self.place(location), _query(location)
        given = options.reading if _has_columns(place) else None
        reading = replace(given or ReadOptions(), **_of_targets_own(), offline=options.offline)
        if given and (given.time_column or given.window):  # a series is what the group column says it is
            reading = replace(reading, group_column=given.group_column)
        task = said.pop("task", task)
        columns: dict[str, Any] = {key: _value(key, value) for key, value in said.items()}
        reading = replace(reading, **columns)
        found = recognise_format(place, reading).read(Path(place), reading, progress)
        return Target.to_learn_from(self.name(location), found, task)

    def name(self, location: str) -> str:
        """The source as a person names it."""
        return location

    def _learned(self, location: str, options: SourceOptions) -> Path:
        if options.refused:
            raise Failed(options.refused)
        if not options.learned:
            raise WrongUse(
                f"{self.name(location)} holds data, from which no network has been learned yet; "
                "transfer, compare, plan and rank do that"
            )
        return Path(options.learned)


def _of_targets_own() -> dict[str, Any]:
    return dict.fromkeys(_TARGETS_OWN)


def without_query(location: str) -> str:
    """What stands before the `?`."""
    return location.partition("?")[0]


def _query(location: str) -> dict[str, str]:
    known = [*(field.name for field in fields(ReadOptions) if field.name not in _NOT_SAID), "task"]
    said = dict(parse_qsl(location.partition("?")[2], keep_blank_values=True))
    for key in said:
        if key not in known:
            raise unknown_name("option of a source data set", key, known)
    return said


def _value(key: str, text: str) -> str | int:
    """A whole number where the option takes one."""
    kind = str(next(field.type for field in fields(ReadOptions) if field.name == key))
    if "int" not in kind:
        return text
    if not text.isdigit():
        raise WrongUse(f"{key}={text} of a source data set is not a whole number, such as {key}=10")
    return int(text)


def _has_columns(place: str | Path) -> bool:
    return not Path(place).is_dir()
