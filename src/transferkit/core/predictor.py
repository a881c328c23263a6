"""Predictor: a fitted result. It predicts, and it can be written down as settings plus tensors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transferkit.core.errors import WrongUse
from transferkit.core.task import Curve, Predictions, Task

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from transferkit.core.examples import Examples
    from transferkit.core.run import Run
    from transferkit.core.source import Processor


@dataclass(frozen=True)
class FitRecord:
    """What a fit has to say beside its result."""

    curve: Curve = field(default_factory=Curve)
    best_epoch: int | None = None
    """The epoch whose weights were kept, counted from 1."""
    cut_short: bool = False
    """True where the deadline came before the end of training."""
    trainable_parameters: int = 0
    total_parameters: int = 0
    notes: tuple[str, ...] = ()
    """Lines a person should read: "stopped at the deadline after 7 of 50 epochs"."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What was chosen inside the fit: {"penalty": 0.1}."""
    origin: tuple[Mapping[str, str], ...] = ()
    """The pretrained networks its weights come from, each as `name`, `licence`, `trained_on`; none: a fresh initialisation."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "origin", tuple(self.origin))  # a list, where it comes from JSON


class Predictor(ABC):
    """A fitted result. Knows its task; keeps no reference to training data."""

    task: Task
    record: FitRecord = FitRecord()

    @abstractmethod
    def predict(self, items: Sequence[Any], progress: Callable[[int, int], None] | None = None) -> Predictions:
        """One prediction an item, the same however the items are batched.

        `progress(done, total)` is called as it goes.
        """

    @property
    def processor(self) -> Processor | None:
        """What turns items into its input, and so tells what items it takes; None for one that looks at no item."""
        return None

    def judge(self, examples: Examples, run: Run) -> Predictions:
        """Predictions for examples with ids; a predictor on a frozen network takes what the cache holds of them."""
        return self.predict(examples.items)

    def features(self, examples: Examples, run: Run) -> np.ndarray | None:
        """(n, d) what its head reads of each item; None where it reads no such vector."""
        return None

    def to(self, device: str) -> None:  # noqa: B027 - most have nothing to move
        """Predict on this device from now on."""

    def to_transformers(self) -> Any:
        """A plain transformers model with the same logits; one line where there is none."""
        raise self._no_transformers()

    def save_transformers(self, folder: str | Path, evidence: str = "") -> Path:
        """Write the model of `to_transformers` with all that plain transformers needs beside it; gives the folder."""
        raise self._no_transformers()

    def _no_transformers(self) -> WrongUse:
        return WrongUse(
            f"a {type(self).__name__} is no network of transformers, so it cannot be exported as one; save() keeps it as it "
            "is, and transferkit.load reads that"
        )

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """JSON-able settings, without the task: together with `tensors` all that `restore` needs."""

    @abstractmethod
    def tensors(self) -> dict[str, Tensor]:
        """Every fitted number, by name."""

    @classmethod
    @abstractmethod
    def restore(cls, task: Task, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Predictor:
        """The inverse of `describe` and `tensors`."""
