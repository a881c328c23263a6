"""Source: where knowledge comes from, named by one string such as `zoo:digits-cnn` or `hf:microsoft/resnet-18`.

A `Source` is a name; the `SourceKind` of its scheme (one file each under `sources/`) knows how to describe it and how
to load it. Nothing is read, downloaded or loaded before it is asked for.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from transferkit.core import registry
from transferkit.core.architecture import Architecture
from transferkit.core.errors import WrongUse
from transferkit.core.format import ReadOptions
from transferkit.core.run import Progress, silent

if TYPE_CHECKING:
    from transferkit.core.network import Network, State
    from transferkit.core.target import Target
    from transferkit.core.task import Task

Holds = Literal["model", "data"]


@dataclass(frozen=True)
class Card:
    """What is known of a source without loading its weights."""

    name: str
    modality: str
    """"image", "text", ..."""
    holds: Holds
    fingerprint: str
    """Changes when, and only when, the weights or data change."""
    architecture: Architecture | None = None
    parameters: int | None = None
    """Number of parameters of the body."""
    bytes: int | None = None
    """Size of the weights on disk or to download."""
    classes: tuple[str, ...] = ()
    """The source's own classes, where it has a head."""
    licence: str = "unknown"
    trained_on: str = "unknown"
    accuracy: float | None = None
    """0 to 1, on the test split of what it was trained on."""
    local: bool = True
    """False where using it means a download."""
    frozen: bool = False
    """True where its weights cannot be trained: it gives features, and nothing else can be made of it."""
    notes: tuple[str, ...] = ()
    """Lines a person should read who uses it: what its file does not say and was assumed."""


class Words(ABC):
    """How a network that writes spells texts."""

    @abstractmethod
    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The tokens of each text, the end among them."""

    @abstractmethod
    def decode(self, tokens: Sequence[Sequence[int]]) -> list[str]:
        """The text of each row of tokens, up to its end."""


class Processor(ABC):
    """Turns raw items into a network's input. Values of it are compared and written down by `describe()`."""

    modality: ClassVar[str] = "image"
    """Of the items it takes."""

    @abstractmethod
    def __call__(self, items: Sequence[Any]) -> State:
        """Items (for pictures: PIL images) -> a batch, for pictures float32 (n, channels, height, width).

        A tuple of tensors where one is not enough (tokens and their mask), each with the item as its first axis.
        """

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """JSON-able settings from which `sources.processors.build` makes an equal processor."""

    @property
    def fingerprint(self) -> str:
        """16 hex digits that two equal processors share."""
        return hashlib.sha256(json.dumps(self.describe(), sort_keys=True).encode()).hexdigest()[:16]

    @property
    def spelling(self) -> Words | None:
        """How the network spells what it writes; None for one that does not write."""
        return None

    def grown(self, items: Sequence[Any]) -> Processor:
        """The same with what these items hold beside what it knows: a table's further columns. Usually just the same."""
        return self

    def whole(self, items: Sequence[Any]) -> Processor:
        """The same for tasks that need all of an item: where length is limited, at a limit that holds items such as these."""
        return self

    def lengths(self, items: Sequence[Any]) -> Sequence[int] | None:
        """About how long each item is to the network, so that a batch can hold such as are alike; None: all are."""
        return None

    @property
    def column_names(self) -> tuple[str, ...]:
        """Of a table, the columns that it looks at by their names; none for one that does not."""
        return ()

    def remarks(self, items: Sequence[Any]) -> tuple[str, ...]:
        """What it looks for and does not find in new items, in lines for a person: columns that say nothing."""
        return ()

    def notes(self, items: Sequence[Any]) -> tuple[str, ...]:
        """What of these items the network will not see, in lines for a person: "3 of 80 texts are longer than ..."."""
        return ()


class SourceKind(ABC):
    """One scheme of source names. A file under `sources/`; its stem is the scheme."""

    holds: ClassVar[Holds] = "model"
    example: ClassVar[str] = ""
    """A name that shows the spelling, for help and error messages."""

    @abstractmethod
    def card(self, location: str, options: SourceOptions) -> Card:
        """Describe without loading weights. Raises one clear line where the location cannot be used."""

    @abstractmethod
    def network(self, location: str, options: SourceOptions) -> Network:
        """A new, independent network with the source's weights, in eval mode, float32, on the CPU."""

    @abstractmethod
    def processor(self, location: str, options: SourceOptions) -> Processor:
        """What turns raw items into that network's input."""

    def holds_at(self, location: str, options: SourceOptions) -> Holds:
        """What is found there: most kinds hold one thing, and data from which a network was learned stands for that one."""
        return "model" if options.learned else self.holds

    def lends_data(self, location: str) -> bool:
        """Whether labelled data are found there, be a network learned from them already or not."""
        return self.holds == "data"

    def data(
        self, location: str, options: SourceOptions, progress: Progress = silent, task: str | None = None
    ) -> Target:
        """The labelled data, with validation items drawn and nothing sealed; only where the source holds data.

        `task`: what it is to be learned for, where its labels allow that; else what they say themselves.
        """
        raise WrongUse(f"{location} holds a model, not labelled data")

    def state(self, location: str) -> Hashable | None:
        """Equal as long as `data` would give what it gave before; None where it has to be read to know."""
        return ()

    def check(self, location: str) -> None:  # noqa: B027 - a kind that can tell nothing from the name alone says nothing
        """Refuse a misspelled location in one line, before anything is read; one that is merely out of reach passes."""

    def names(self) -> tuple[str, ...]:
        """Locations known without asking a network (the zoo, a cache); for `transferkit sources`."""
        return ()


@dataclass(frozen=True)
class SourceOptions:
    """What a person allows when a source is read."""

    trust: bool = False
    """Allow pickles and remote code."""
    offline: bool = False
    """Never ask the network."""
    reading: ReadOptions | None = None
    """How a table of labelled data is to be read; None: find out."""
    learned: str | None = None
    """Folder of the network that was trained on the data this source holds; the source then serves as that model."""
    refused: str = ""
    """Why no network could be learned from the data; whoever asks for one is told."""
    serves: str = ""
    """Name of the task its network is wanted for, where another one than usual serves that; see `Source.serving`."""


@dataclass(frozen=True)
class Source:
    """A named source; equal names are equal sources.

    >>> Source("zoo:digits-cnn").scheme
    'zoo'
    >>> Source("plants/").scheme
    'path'
    """

    name: str
    options: SourceOptions = SourceOptions()

    @property
    def scheme(self) -> str:
        """The part before the first colon; "path" where there is none."""
        scheme, colon, _ = self.name.partition(":")
        return scheme if colon and len(scheme) > 1 else "path"  # one letter is a drive, not a scheme

    @property
    def location(self) -> str:
        """The part after the scheme."""
        return self.name.removeprefix("path:") if self.scheme == "path" else self.name.partition(":")[2]

    @property
    def kind(self) -> SourceKind:
        """The reader of this scheme; an unknown scheme gives an error that lists the known ones."""
        kind: SourceKind = registry.get("sources", self.scheme)()
        return kind

    def serving(self, task: Task) -> Source:
        """The same source, giving the network that serves this task: of a model that hears and writes, both halves."""
        return self if task.needs_features else replace(self, options=replace(self.options, serves=task.name))

    @property
    def holds(self) -> Holds:
        """A model, or labelled data from which one has yet to be learned."""
        return self.kind.holds_at(self.location, self.options)

    @property
    def lends_data(self) -> bool:
        """True where it can give labelled data, whether or not it stands for a network that was learned from them too."""
        return self.kind.lends_data(self.location)

    def check(self) -> None:
        """Refuse an unknown scheme and a misspelled location; asks no network and reads no weights."""
        self.kind.check(self.location)

    def card(self) -> Card:
        """Describe without loading weights."""
        return self.kind.card(self.location, self.options)

    def network(self) -> Network:
        """A new network with the source's weights; changing it leaves the source as it was."""
        return self.kind.network(self.location, self.options)

    def processor(self) -> Processor:
        """What turns raw items into the network's input."""
        return self.kind.processor(self.location, self.options)

    def data(self, progress: Progress = silent, task: str | None = None) -> Target:
        """The labelled data of a source that holds data; see `SourceKind.data`."""
        return self.kind.data(self.location, self.options, progress, task)

    @property
    def state(self) -> Hashable | None:
        """Equal as long as `data` would give what it gave before; None where it has to be read to know."""
        return self.kind.state(self.location)

    def __str__(self) -> str:
        return self.name
