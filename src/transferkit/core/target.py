"""Target: a person's own data, with its task, its modality and a test split that is sealed from the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transferkit.core.examples import Examples, Sealed
from transferkit.core.format import ReadOptions, Skipped
from transferkit.core.task import Task


@dataclass(frozen=True, eq=False)
class Target:
    """What a method fits to. `train` and `validation` are open; `test` is opened once, by the proof."""

    name: str
    modality: str
    task: Task
    train: Examples
    validation: Examples
    test: Sealed[Examples]
    unlabelled: Examples
    validation_is_given: bool = False
    """True where the owner named the validation items; `fold` then keeps them."""
    skipped: tuple[Skipped, ...] = ()
    warnings: tuple[str, ...] = ()
    """Lines a person should read: identical items on both sides of a split, very few labels, ..."""
    fingerprint: str = ""
    """Changes when, and only when, items, labels or the test split change."""

    @classmethod
    def read(
        cls, path: str | Path, *, seed: int = 0, options: ReadOptions | None = None, test_share: float = 0.25
    ) -> Target:
        """Read a folder or a table; task and modality are recognised, the test split is sealed here."""
        raise NotImplementedError

    @classmethod
    def of(
        cls,
        items: Sequence[Any],
        labels: Sequence[Any],
        *,
        test: tuple[Sequence[Any], Sequence[Any]] | None = None,
        name: str = "target",
        modality: str = "image",
        seed: int = 0,
    ) -> Target:
        """From what is already in memory: PIL images (or arrays of them) and their labels."""
        raise NotImplementedError

    def fold(self, seed: int) -> Target:
        """The same target with train and validation drawn anew from all open labels; for repeated selection.

        Where the owner gave the validation items they stay.
        """
        raise NotImplementedError

    def whole(self) -> Target:
        """The same target with every open label in `train` and none in `validation`; for the last fit."""
        raise NotImplementedError
