"""Format: one way a target's data lies on disk. One file each under `data/`; found by the registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from transferkit.core.examples import Examples

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Skipped:
    """An item that was left out, and the rule that left it out."""

    name: str
    reason: str


@dataclass(frozen=True)
class ReadOptions:
    """What a person says about their data; every default means: find out."""

    image_column: str | None = None
    label_column: str | None = None
    split_column: str | None = None
    group_column: str | None = None
    weight_column: str | None = None


@dataclass(frozen=True)
class Reading:
    """What a format found, before it is split."""

    modality: str
    labelled: Examples
    unlabelled: Examples
    splits: tuple[Split | None, ...] | None = None
    """The split each labelled item was put in by its owner; None where the owner did not say."""
    skipped: tuple[Skipped, ...] = ()


class Format(ABC):
    """One way data lies on disk."""

    @abstractmethod
    def recognises(self, path: Path) -> bool:
        """Cheap: does `path` look like this format?"""

    @abstractmethod
    def read(self, path: Path, options: ReadOptions) -> Reading:
        """Read names, labels and content hashes; items stay on disk until asked for."""

    def items(self, paths: list[Path]) -> Any:
        """Lazy items of bare files, for `predict`; None where this format has no bare files."""
        return None
