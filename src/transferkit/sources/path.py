"""Names without a scheme: `plants/`, `old_hospital.csv`, `runs/leaves` - labelled data, or a model that was saved.

A folder that `save` or a run left is a model: the network of its predictor. Anything else is labelled data, in any format
that a target may have. `path:plants/` says the same where a name could be taken for a scheme.
"""

from __future__ import annotations

import difflib
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING

from transferkit.core import registry
from transferkit.core.errors import WrongUse
from transferkit.core.run import Progress, silent
from transferkit.core.source import Card, Holds, Processor, SourceOptions
from transferkit.sources import saved_network
from transferkit.sources.data_set import DataSet, without_query
from transferkit.sources.fingerprint import state_of

if TYPE_CHECKING:
    from transferkit.core.network import Network
    from transferkit.core.target import Target

_WEIGHTS = {
    ".keras": "keras",
    ".h5": "keras",
    ".hdf5": "keras",
    ".pt": "torch",
    ".pth": "torch",
    ".pt2": "torch",
    ".safetensors": "torch",
    ".onnx": "onnx",
    ".skops": "sklearn",
}
"""Ending of a file of weights -> the scheme that reads it."""


class PathSource(DataSet):
    """Labelled data of your own, or the folder of a model that transferkit saved.

    >>> PathSource().holds
    'data'
    """

    example = "path:plants/"

    def holds_at(self, location: str, options: SourceOptions) -> Holds:
        return "model" if _is_model(location) else super().holds_at(location, options)

    def lends_data(self, location: str) -> bool:
        return not _is_model(location)

    def card(self, location: str, options: SourceOptions) -> Card:
        """Of the saved model, or as `DataSet.card`."""
        if _is_model(location):
            return saved_network.card(Path(location), location)
        return super().card(location, options)

    def network(self, location: str, options: SourceOptions) -> Network:
        """The network of the saved model, or the one learned from the data."""
        if _is_model(location):
            return saved_network.network(Path(location))
        return super().network(location, options)

    def processor(self, location: str, options: SourceOptions) -> Processor:
        """What turns items into that network's input."""
        if _is_model(location):
            return saved_network.processor(Path(location))
        return super().processor(location, options)

    def data(
        self, location: str, options: SourceOptions, progress: Progress = silent, task: str | None = None
    ) -> Target:
        if _is_model(location):
            raise WrongUse(f"{location} holds a model, not labelled data")
        return super().data(location, options, progress, task)

    def state(self, location: str) -> Hashable | None:
        """By the times of change of a file, or of a folder and what lies in it; what lies deeper is not looked at."""
        place = self.place(location)
        return state_of([place, *sorted(place.iterdir())] if place.is_dir() else [place])

    def check(self, location: str) -> None:
        """Refuse a name at which nothing is, and a file of weights without its scheme."""
        self.place(location)

    def place(self, location: str) -> Path:
        path = Path(location)
        if not path.exists():
            path = Path(without_query(location))
        if not without_query(location) or not path.exists():
            raise WrongUse(f"{location!r}: {_nothing_there(location, path)}")
        scheme = _WEIGHTS.get(path.suffix.lower())
        if path.is_file() and scheme in registry.find("sources"):
            raise WrongUse(f"{location} is a file of weights; say which kind it is, as in {scheme}:{location}")
        return path


def _is_model(location: str) -> bool:
    return bool(location) and saved_network.is_saved(Path(location))


def _nothing_there(location: str, path: Path) -> str:
    kinds = {name: cls for name, cls in registry.find("sources").items() if name != "path" and cls.example}
    examples = ", ".join(cls.example for cls in kinds.values())
    meant = _meant(location, path, kinds)
    hint = f" (did you mean {meant}?)" if meant else ""
    return f"no such file or folder{hint}; a source is labelled data, a saved model, or a name such as {examples}"


def _meant(location: str, path: Path, kinds: dict[str, type]) -> str | None:
    """A bundled network of that name, a hub's name without its scheme, or a neighbour that is called nearly so."""
    if location in kinds["zoo"]().names():
        return f"zoo:{location}"
    neighbours = [one.name for one in path.parent.iterdir()] if location and path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, neighbours, n=1)
    if near:
        return str(path.parent / near[0])
    owner, slash, name = location.partition("/")
    return f"hf:{location}" if slash and owner and name and "/" not in name and not path.parent.is_dir() else None
