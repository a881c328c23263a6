"""Classify: one class an item, judged by accuracy (macro-F1 where the classes are skewed)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.core.labels import as_classes, in_order
from transferkit.core.task import ClosedForm, Predictions
from transferkit.tasks.measured import MeasuredTask
from transferkit.tasks.metrics.known import Judged

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from transferkit.core.examples import Examples
    from transferkit.core.network import Network, State
    from transferkit.core.source import Processor
    from transferkit.ops.augment import Augmentation

LEAST_CHANCE = 1e-12
"""A probability below is taken for this one, so that one item cannot make the mean log-loss infinite."""
SKEW = 4.0
"""From this ratio of the largest to the smallest class on, accuracy would hide the rare ones: macro-F1 is used."""


@dataclass(frozen=True)
class Classify(MeasuredTask):
    """Choose one of `classes`. Use for folders of class folders and label columns of words; not for several labels an item.

    >>> Classify(("cat", "dog")).encode(["dog", "cat"]).tolist()
    [1, 0]
    """

    name: ClassVar[str] = "classify"
    judged: ClassVar[Judged] = "classes"
    classes: tuple[str, ...]
    metric_name: str = "accuracy"

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(self.classes))
        super().__post_init__()

    @classmethod
    def recognise(cls, examples: Examples) -> Classify | None:
        """Every label is a word: classification. Refuses a single class, for there is nothing to tell apart."""
        labels = examples.labels
        if not labels or not all(isinstance(label, str) for label in labels):
            return None
        counts = Counter(labels)
        if len(counts) > len(labels) / 2 and any(" " in label for label in counts):
            return None  # sentences, each its own: not classes
        if len(counts) == 1:
            raise WrongUse(f"every labelled item is of the one class {labels[0]!r}; a classifier needs at least two")
        skewed = max(counts.values()) / min(counts.values()) >= SKEW
        return cls(in_order(counts), "macro_f1" if skewed else "accuracy")

    def widened(self, classes: Sequence[str]) -> Classify:
        """In the order of all classes."""
        return replace(self, classes=in_order({*self.classes, *classes}))

    def read(self, labels: Sequence[Any]) -> tuple[Any, ...]:
        """Numbers become the names of their classes, 3.0 is "3"."""
        return as_classes(labels)

    def _of_metric(self) -> tuple[Any, ...]:
        return (self.classes,)

    def strata(self, labels: Sequence[Any]) -> np.ndarray:
        position = {name: i for i, name in enumerate(self.classes)}
        try:
            return np.array([position[label] for label in labels], dtype=np.int64)
        except KeyError as unseen:
            raise WrongUse(f"label {unseen} is not among the classes {', '.join(self.classes[:20])}") from None

    def blind(self, labels: Sequence[Any]) -> Tensor:
        """(1, n_classes) the log of each class's share."""
        import torch

        counts = np.bincount(self.strata(labels), minlength=len(self.classes))
        logits: Tensor = torch.from_numpy(counts / counts.sum()).log()[None]
        return logits

    def encode(self, labels: Sequence[Any], processor: Processor | None = None) -> Tensor:
        import torch

        return torch.from_numpy(self.strata(labels))

    def head(self, network: Network, seed: int) -> nn.Module:
        from torch import nn

        from transferkit.core.network import seeded

        with seeded(seed):
            return nn.Linear(network.feature_dim, len(self.classes))

    def loss(self, outputs: Any, targets: Any, item_weights: Tensor | None = None) -> Tensor:
        """Mean cross-entropy; outputs: logits (n, n_classes), targets: (n,) int.

        `item_weights` (n,), of mean 1 over all items, are not scaled again in each batch: a batch of light items counts less.
        """
        from torch.nn import functional

        if item_weights is None:
            return functional.cross_entropy(outputs, targets)
        losses = functional.cross_entropy(outputs, targets, reduction="none")
        return (losses * item_weights).mean()

    def even_loss(self, outputs: Any, item_weights: Tensor | None = None) -> Tensor:
        """The mean of -log p over all classes and items: what label smoothing mixes in (Szegedy et al. 2016, section 7)."""
        losses: Tensor = -outputs.log_softmax(dim=1).mean(dim=1)
        return losses.mean() if item_weights is None else (losses * item_weights).mean()

    def prior_logits(self, labels: Sequence[Any]) -> Tensor:
        """(n_classes,) log of each class's share; a class without items counts as half an item."""
        import torch

        counts = np.bincount(self.strata(labels), minlength=len(self.classes)).clip(0.5)
        logits: Tensor = torch.from_numpy(np.log(counts / counts.sum()).astype(np.float32))
        return logits

    def decode(self, outputs: Any, processor: Processor | None = None) -> Predictions:
        """Logits (n, n_classes) -> the most probable class and all probabilities."""
        scores = outputs.detach().float().softmax(dim=1).cpu().numpy().astype(np.float64)
        return Predictions(tuple(self.classes[i] for i in scores.argmax(axis=1)), scores)

    def log_loss(self, predictions: Predictions, labels: Sequence[Any]) -> float | None:
        if predictions.scores is None:
            return None
        chances = predictions.scores[np.arange(len(labels)), self.strata(labels)]
        return float(-np.log(np.clip(chances, LEAST_CHANCE, 1.0)).mean())

    def augment(
        self, inputs: State, targets: Any, augmentation: Augmentation, generator: torch.Generator
    ) -> tuple[State, Any]:
        """Shifts, scales, turns, mirror images: none of them changes the class."""
        from transferkit.ops.augment import augment

        return augment(inputs, augmentation, generator), targets

    def closed_form_head(
        self, features: np.ndarray, labels: Sequence[Any], item_weights: np.ndarray | None = None, solver: str = "ridge"
    ) -> ClosedForm:
        """Ridge on one-hot targets with the leave-one-out penalty, or logistic regression with a cross-validated one."""
        from transferkit.tasks.linear_heads import logistic_head, ridge_head

        fit = {"ridge": ridge_head, "logistic": logistic_head}[solver]
        return fit(features, self.strata(labels), len(self.classes), item_weights)

    def describe(self) -> dict[str, Any]:
        return {"classes": list(self.classes), "metric_name": self.metric_name}
