"""Format: one way a target's data lies on disk. One file each under `data/`; found by the registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from transferkit.core.examples import Examples
from transferkit.core.run import Progress, silent

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
    text_column: str | None = None
    audio_column: str | None = None
    label_column: str | None = None
    split_column: str | None = None
    group_column: str | None = None
    weight_column: str | None = None
    time_column: str | None = None
    """What the rows of a time series are in the order of; with it a table is read in windows."""
    window: int | None = None
    """Rows in a window of a time series; with it a table is read in windows."""
    stride: int | None = None
    """Rows from the beginning of one window to that of the next; None: as long as a window."""
    encoding: str | None = None
    """Of text files, such as "utf-8" or "latin-1"."""
    offline: bool = False
    """Never ask the network."""
    unlabelled: bool = False
    """Items need have no label: there is another domain whose labels are learned from."""
    not_labels: frozenset[str] = frozenset()
    """Columns of a table that are no labels, for in the other domain they say what the items are."""
    label_elsewhere: str | None = None
    """What the column of the labels is called in the other domain: where no column is called so here, none is taken for labels
    by its place."""

    def columns(self) -> dict[str, str]:
        """Option -> column, of the columns that were named."""
        named = {name: value for name, value in vars(self).items() if name.endswith("_column")}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True)
class Reading:
    """What a format found, before it is split."""

    modality: str
    labelled: Examples
    unlabelled: Examples
    splits: tuple[Split | None, ...] | None = None
    """The split each labelled item was put in by its owner; None where the owner did not say."""
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()
    """Lines a person should read about what was found."""
    label_column: str = ""
    """What the column of the labels is called; "" where there is none, or it does not matter."""

    @classmethod
    def of(
        cls,
        modality: str,
        examples: Examples,
        splits: Sequence[Split | None],
        skipped: tuple[Skipped, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> Reading:
        """From examples some of which have a label and some None, with the owner's split of each."""
        known = np.array([label is not None for label in examples.labels or (None,) * len(examples)], dtype=bool)
        labelled = examples.take(np.flatnonzero(known))
        unlabelled = replace(examples.take(np.flatnonzero(~known)), labels=None)
        kept = tuple(split for split, is_known in zip(splits, known, strict=True) if is_known)
        return cls(modality, labelled, unlabelled, kept if any(kept) else None, skipped, notes)


class Format(ABC):
    """One way data lies on disk, and the same kind of data in memory."""

    modality: ClassVar[str]
    """"image", "text", "audio", "tabular", "time_series"."""
    turn: ClassVar[int] = 0
    """Formats are asked in this order whether a path is theirs; what fits nearly every file is asked last."""
    scheme: ClassVar[str] = ""
    """Of places that are no paths, such as `hfdata`; those come to this format alone, as a path spelled with the scheme."""
    example: ClassVar[str] = ""
    """What it looks like, in words, for error messages: "a folder with one folder of pictures per class"."""

    @abstractmethod
    def recognises(self, path: Path, options: ReadOptions) -> bool:
        """Cheap: does `path`, read with these options, look like this format?"""

    @abstractmethod
    def read(self, path: Path, options: ReadOptions, progress: Progress = silent) -> Reading:
        """Read names, labels and content hashes; items stay on disk until asked for."""

    def items(self, paths: list[Path]) -> Sequence[Any] | None:
        """Lazy items of bare files, for `predict`; None where this format has no bare files."""
        return None

    def names_a_file(self, item: str) -> bool:
        """Whether a string among items to predict on is the path of a file; a format of words must tell the two apart."""
        return True

    def in_memory(self, items: Sequence[Any]) -> Examples | None:
        """Unlabelled examples of items of this modality that are in memory; None where this format has no such."""
        return None
