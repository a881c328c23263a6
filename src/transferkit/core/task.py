"""Task: what is predicted and how it is judged - head, loss, decode, metric. Metric: a number with a direction.

A task never assumes one feature vector an item or a fixed-size output: `outputs` decides what is run (a head on
features, a decoder that generates), `decode` gives one prediction an item of any shape, and a metric gives one value an
item whose mean is the metric, so that the paired seeds-and-items interval holds for all of them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from transferkit.core.errors import WrongUse

if TYPE_CHECKING:
    import pandas
    import torch
    from torch import Tensor, nn

    from transferkit.core.examples import Examples
    from transferkit.core.network import Network, State
    from transferkit.core.source import Processor
    from transferkit.ops.augment import Augmentation


@dataclass(frozen=True)
class Predictions:
    """One prediction an item."""

    labels: tuple[Any, ...]
    """In the words of the target's labels."""
    scores: np.ndarray | None = None
    """(n, n_classes) probabilities where the task has classes, in the order of `task.classes`."""

    def __len__(self) -> int:
        return len(self.labels)

    def to_frame(self, classes: Sequence[str] = ()) -> pandas.DataFrame:
        """One row an item: its label, and where `classes` are given (`predictor.task.classes`) a probability for each.

        >>> Predictions(("cat",), np.array([[0.9, 0.1]])).to_frame(["cat", "dog"]).columns.tolist()
        ['label', 'cat', 'dog']
        """
        import pandas

        frame = pandas.DataFrame({"label": list(self.labels)})
        if self.scores is None or not len(classes):
            return frame
        return frame.join(pandas.DataFrame(self.scores, columns=list(classes)))

    def take(self, indices: Sequence[int] | np.ndarray) -> Predictions:
        """Those at these positions, in this order."""
        scores = None if self.scores is None else self.scores[np.asarray(indices, dtype=int)]
        return Predictions(tuple(self.labels[i] for i in indices), scores)


class Metric(ABC):
    """A named number with a direction, given as one value an item whose mean it is.

    Accuracy gives 0 or 1 an item. A metric that is no mean of items (macro-F1, mAP) gives jackknife pseudo-values.
    """

    name: ClassVar[str]
    higher_is_better: ClassVar[bool] = True
    unit: ClassVar[str] = "points"
    """How a difference is worded: "3.2 accuracy points"."""
    scale: ClassVar[float] = 100.0
    """Multiplied in for people: 0.931 -> 93.1."""
    reach: ClassVar[float] = 1.0
    """The largest difference between two values; infinite for a metric without bounds."""

    @abstractmethod
    def per_item(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n,) float64; the metric is the mean."""

    def step(self, labels: Sequence[Any]) -> float:
        """The largest change that one item of these can make to its own value: says how little equal results prove."""
        return 1.0

    def margin(self, labels: Sequence[Any]) -> float:
        """The largest difference that does not matter where a person names none: one point, or a hundredth of a unit.

        `labels`: those the target is open about; a metric in the unit of the labels takes its measure from them.
        """
        return 0.01

    def value(self, predictions: Predictions, labels: Sequence[Any]) -> float:
        """The metric itself."""
        return float(self.per_item(predictions, labels).mean())


@dataclass(frozen=True)
class ClosedForm:
    """A linear head fitted without gradient steps: outputs = features @ weight.T + bias."""

    weight: np.ndarray
    """(n_outputs, d)"""
    bias: np.ndarray
    """(n_outputs,)"""
    settings: dict[str, Any] = field(default_factory=dict)
    """What was chosen on the way: {"penalty": 1.0}."""


class Task(ABC):
    """What is predicted. A frozen dataclass; one file each under `tasks/`, the file's stem is the name."""

    name: ClassVar[str]
    needs_features: ClassVar[bool] = True
    """True where one feature vector an item is enough: then a linear probe and the ranking apply."""
    generates: ClassVar[bool] = False
    """True where predictions are generated step by step; the loss is then computed in a pass of its own, by teacher
    forcing."""

    balances: ClassVar[bool] = True
    """True where strata are classes, which a loss may count alike; False where they are bins of a number."""

    @classmethod
    @abstractmethod
    def recognise(cls, examples: Examples) -> Task | None:
        """The task these labelled examples set, or None where they are not of this kind."""

    def read(self, labels: Sequence[Any]) -> tuple[Any, ...]:
        """The labels as this task takes them: numbers that were written as words become numbers again."""
        return tuple(labels)

    def seen(self, labels: Sequence[Any]) -> Task:
        """The same task with what it takes from labels it may learn from (a mean, a scale); told before any fit."""
        return self

    def widened(self, classes: Sequence[str]) -> Task:
        """The same task that tells these classes apart too; without classes, itself."""
        return self

    def joined(self, other: Task) -> Task:
        """The task of this domain and of another at once, with the classes of both. One line where they differ in kind."""
        if other.name != self.name:
            raise WrongUse(f"one domain is there to {self.name}, the other to {other.name}; say which with --task")
        return self.widened(other.describe().get("classes", ()))

    @property
    @abstractmethod
    def metric(self) -> Metric:
        """The metric arms are chosen and proven by."""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Every metric that makes sense here, that of choice and proof first; the others are shown beside it."""
        return (self.metric,)

    def with_metric(self, name: str) -> Task:
        """The same task, chosen and proven by another metric; one line where it cannot be judged by it."""
        if name == self.metric.name:
            return self
        raise WrongUse(f"task {self.name} is judged by {self.metric.name} alone, not by {name!r}")

    @abstractmethod
    def strata(self, labels: Sequence[Any]) -> np.ndarray:
        """(n,) int: what a split keeps in proportion (the class; a bin of the number)."""

    def blind(self, labels: Sequence[Any]) -> Tensor:
        """(1, ...) raw outputs of the best guess that looks at no item: the shares of the classes, the mean."""
        raise WrongUse(f"task {self.name} has no guess that looks at no item")

    @abstractmethod
    def encode(self, labels: Sequence[Any], processor: Processor | None = None) -> Tensor | list[Any]:
        """Labels -> what the loss takes, indexable by item. A task whose labels are text uses the processor's words."""

    @abstractmethod
    def head(self, network: Network, seed: int) -> nn.Module:
        """A freshly initialised head for this network. Where the network brings its own (a decoder), that one."""

    def outputs(self, network: Network, head: nn.Module, features: State, targets: Any | None = None) -> Any:
        """From the network's last state to raw outputs, one an item.

        `targets` are given where the loss is wanted, for decoders that learn by teacher forcing; without them a decoder
        generates.
        """
        return head(features)

    def closed_form_head(
        self, features: np.ndarray, labels: Sequence[Any], item_weights: np.ndarray | None = None, solver: str = "ridge"
    ) -> ClosedForm:
        """The best linear head on frozen features (n, d), without gradient steps; only where `needs_features`."""
        raise WrongUse(f"task {self.name} has no closed-form head: its outputs are not linear in one feature vector")

    @abstractmethod
    def loss(self, outputs: Any, targets: Any, item_weights: Tensor | None = None) -> torch.Tensor:
        """Mean loss of a batch, a scalar. `item_weights`: (n,) of mean 1 over all items, or None."""

    def out_of_reach(self, outputs: Any, targets: Any) -> Sequence[bool]:
        """(n,) which items of a batch no weights could get right, as a text longer than the sound it is of; () for none."""
        return ()

    def cannot_learn(self, n_beyond: int, n_items: int) -> str:
        """The line that tells how many items are out of reach, and what it is with them."""
        return f"{n_beyond} of {n_items} items cannot be learned from"

    def even_loss(self, outputs: Any, item_weights: Tensor | None = None) -> torch.Tensor:
        """Mean loss against every class alike, for label smoothing; only where there are classes."""
        raise WrongUse(f"task {self.name} has no classes, so there are no labels to smooth")

    def prior_logits(self, labels: Sequence[Any]) -> Tensor:
        """(n_outputs,) what is added to the outputs where they should say no more than how frequent each class is."""
        raise WrongUse(f"task {self.name} has no classes, so there are no logits to adjust; use balance=weights")

    @abstractmethod
    def decode(self, outputs: Any, processor: Processor | None = None) -> Predictions:
        """Raw outputs -> predictions in the words of the labels."""

    def log_loss(self, predictions: Predictions, labels: Sequence[Any]) -> float | None:
        """Mean negative log-probability of the truth: tells arms apart that get equally many items right; None where a task has
        no probabilities."""
        return None

    def augment(
        self, inputs: State, targets: Any, augmentation: Augmentation, generator: torch.Generator
    ) -> tuple[State, Any]:
        """A randomly changed copy of a batch. A task whose targets lie in the picture (boxes, masks) moves them along."""
        return inputs, targets

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """JSON-able settings; `type(task)(**settings)` is an equal task."""


@dataclass(frozen=True)
class Curve:
    """A learning curve: one value an epoch."""

    training_loss: tuple[float, ...] = ()
    validation_loss: tuple[float, ...] = ()
    validation_metric: tuple[float, ...] = ()
    learning_rate: tuple[float, ...] = field(default=())
