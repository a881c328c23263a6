"""A source that transferkit proposes, and all that are proposed together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, overload

from transferkit.core.source import Source, SourceOptions

Place = Literal["bundled", "cached", "hub"]

WHY: dict[Place, str] = {
    "bundled": "comes with transferkit",
    "cached": "already in the local Hugging Face cache",
    "hub": "on the curated list, and of a size for this machine",
}


@dataclass(frozen=True)
class Candidate:
    """What a person wants to know of a source that they did not name."""

    name: str
    place: Place
    parameters: int | None = None
    bytes: int | None = None
    """Size of the weights; of one on the hub, what will be downloaded."""
    licence: str = "unknown"
    trained_on: str = "unknown"
    unfit: str = ""
    """Why it is not proposed; empty where it is."""
    of_another_kind: bool = False
    """Made for other items than these, and with no way to take them."""

    @property
    def where(self) -> str:
        """In words.

        >>> Candidate("hf:microsoft/resnet-18", "hub", bytes=46_800_000).where
        'to download, 47 MB'
        """
        return f"to download, {megabytes(self.bytes or 0)}" if self.place == "hub" else self.place

    def source(self, offline: bool = False) -> Source:
        """One that is here already stays the one that is here: the hub is not asked whether it has a newer one."""
        return Source(self.name, SourceOptions(offline=offline or self.place != "hub"))


@dataclass(frozen=True)
class Candidates(Sequence[Source]):
    """The proposed sources, to be given to `rank`, `compare` or `transfer`; `print` shows where each comes from."""

    chosen: tuple[Candidate, ...]
    offline: bool = False
    notes: tuple[str, ...] = ()
    """What was not proposed, and why: the hub did not answer, there was no room."""

    @overload
    def __getitem__(self, index: int) -> Source: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Source]: ...
    def __getitem__(self, index: int | slice) -> Source | Sequence[Source]:
        """As in a list of sources."""
        return [candidate.source(self.offline) for candidate in self.chosen][index]

    def __len__(self) -> int:
        return len(self.chosen)

    @property
    def downloads(self) -> tuple[Candidate, ...]:
        """Those whose weights must be fetched first."""
        return tuple(candidate for candidate in self.chosen if candidate.place == "hub")

    @property
    def summary(self) -> str:
        """One line: the candidates by where they are."""
        places = dict.fromkeys(one.place for one in self.chosen)
        words: dict[Place, str] = {"bundled": "bundled", "cached": "in the local cache", "hub": "to download"}
        named = {place: ", ".join(one.name for one in self.chosen if one.place == place) for place in places}
        return "; ".join(f"{words[place]}: {names}" for place, names in named.items())

    @property
    def announcement(self) -> str:
        """One line that says what will be downloaded and how large it is; empty where nothing will."""
        if not self.downloads:
            return ""
        total = sum(candidate.bytes or 0 for candidate in self.downloads)
        named = ", ".join(f"{one.name} ({megabytes(one.bytes or 0)}, {one.licence})" for one in self.downloads)
        models = f"{len(self.downloads)} model{'s' if len(self.downloads) > 1 else ''}"
        return f"will download {models}, {megabytes(total)}: {named}"

    def as_rows(self) -> list[dict[str, Any]]:
        """Each candidate as a plain object."""
        return [
            {
                "name": one.name,
                "place": one.place,
                "why": WHY[one.place],
                "parameters": one.parameters,
                "bytes": one.bytes,
                "licence": one.licence,
                "trained_on": one.trained_on,
            }
            for one in self.chosen
        ]

    def __str__(self) -> str:
        lines = [f"{one.name} ({one.where}): {WHY[one.place]}" for one in self.chosen]
        return "\n".join([*lines, *self.notes])


def megabytes(n_bytes: int) -> str:
    """A size for people.

    >>> megabytes(88_250_000), megabytes(633_600)
    ('88 MB', '1 MB')
    """
    return f"{max(round(n_bytes / 1e6), 1)} MB" if n_bytes < 1e9 else f"{n_bytes / 1e9:.1f} GB"
