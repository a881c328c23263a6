"""Regress: one number an item, judged by the root mean squared error (or mae, r2).

Inside, numbers are standardised by the mean and deviation of the labels that may be learned from, so that a loss and a
learning rate mean the same for prices and for degrees.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from transferkit.core.errors import Failed, WrongUse
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

MOST_BINS = 10
BIN_ITEMS = 4
"""Least items in a bin of `strata`: then a quarter of each can be held out."""


@dataclass(frozen=True)
class Regress(MeasuredTask):
    """Predict a number. Use where labels have an order and a distance; not for classes that happen to be called 1, 2, 3.

    >>> Regress(mean=10.0, deviation=2.0).encode([12.0, 8.0]).tolist()
    [1.0, -1.0]
    """

    name: ClassVar[str] = "regress"
    judged: ClassVar[Judged] = "numbers"
    balances: ClassVar[bool] = False
    mean: float = 0.0
    """Of the labels that may be learned from; `seen` sets it."""
    deviation: float = 1.0
    metric_name: str = "rmse"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not (math.isfinite(self.mean) and math.isfinite(self.deviation) and self.deviation > 0):
            raise WrongUse(
                f"task regress: mean {self.mean} and deviation {self.deviation} must be finite, the last above 0"
            )

    @classmethod
    def recognise(cls, examples: Examples) -> Regress | None:
        """Every label is a finite number, be it written as one. Refuses a single value, for there is nothing to predict."""
        labels = examples.labels
        if not labels:
            return None
        numbers = [_number(label) for label in labels]
        if any(number is None for number in numbers):
            return None
        if len(set(numbers)) == 1:
            raise WrongUse(f"every labelled item has the one value {labels[0]}; there is nothing to predict")
        return cls()

    def read(self, labels: Sequence[Any]) -> tuple[float, ...]:
        """As floats."""
        return tuple(float(label) for label in labels)

    def seen(self, labels: Sequence[Any]) -> Regress:
        """The same task, standardised by these labels; where they are all alike their deviation counts as 1."""
        if not len(labels):
            return self
        numbers = np.asarray(labels, dtype=np.float64)
        return replace(self, mean=float(numbers.mean()), deviation=float(numbers.std()) or 1.0)

    def strata(self, labels: Sequence[Any]) -> np.ndarray:
        """(n,) which of up to ten equally full bins of these labels each one lies in; equal labels lie in one bin."""
        numbers = np.asarray(labels, dtype=np.float64)
        n_bins = max(1, min(MOST_BINS, len(numbers) // BIN_ITEMS))
        if not len(numbers):
            return np.zeros(0, dtype=np.int64)
        edges = np.unique(np.quantile(numbers, np.arange(1, n_bins) / n_bins))
        return np.searchsorted(edges, numbers, side="right").astype(np.int64)

    def blind(self, labels: Sequence[Any]) -> Tensor:
        """(1, 1) the mean of the labels, or their median where absolute errors are judged."""
        import torch

        middle = np.median if self.metric_name == "mae" else np.mean
        value = (float(middle(np.asarray(labels, dtype=np.float64))) - self.mean) / self.deviation
        return torch.tensor([[value]], dtype=torch.float64)

    def encode(self, labels: Sequence[Any], processor: Processor | None = None) -> Tensor:
        """(n,) float32, standardised."""
        import torch

        return torch.from_numpy(self._standardised(labels).astype(np.float32))

    def _standardised(self, labels: Sequence[Any]) -> np.ndarray:
        numbers: np.ndarray = np.asarray(labels, dtype=np.float64)
        return (numbers - self.mean) / self.deviation

    def head(self, network: Network, seed: int) -> nn.Module:
        from torch import nn

        from transferkit.core.network import seeded

        with seeded(seed):
            return nn.Linear(network.feature_dim, 1)

    def loss(self, outputs: Any, targets: Any, item_weights: Tensor | None = None) -> Tensor:
        """Mean squared error in squared deviations; outputs: (n, 1), targets: (n,)."""
        squares: torch.Tensor = (outputs[:, 0] - targets) ** 2  # (n,)
        return (squares if item_weights is None else squares * item_weights).mean()

    def decode(self, outputs: Any, processor: Processor | None = None) -> Predictions:
        """Standardised outputs (n, 1) -> numbers in the labels' unit."""
        numbers = outputs.detach().double().cpu().numpy()[:, 0] * self.deviation + self.mean
        return Predictions(tuple(numbers.tolist()))

    def augment(
        self, inputs: State, targets: Any, augmentation: Augmentation, generator: torch.Generator
    ) -> tuple[State, Any]:
        """As for classes: a small shift or turn is taken to change no number."""
        from transferkit.ops.augment import augment

        return augment(inputs, augmentation, generator), targets

    def closed_form_head(
        self, features: np.ndarray, labels: Sequence[Any], item_weights: np.ndarray | None = None, solver: str = "ridge"
    ) -> ClosedForm:
        """Ridge with the penalty of the least leave-one-out squared error, exactly; `logistic` is for classes."""
        from transferkit.ops.ridge import ridge_coefficients
        from transferkit.ops.scores.leave_one_out import leave_one_out_numbers

        if solver != "ridge":
            raise WrongUse(f"solver={solver} is for classes; numbers are fitted with solver=ridge")
        wide, targets = np.asarray(features, dtype=np.float64), self._standardised(labels)
        try:
            found = leave_one_out_numbers(wide, targets, weights=item_weights)
        except ValueError as reason:
            raise Failed(f"no linear head can be fitted: {reason}") from None
        slope, intercept = ridge_coefficients(wide, targets[:, None], found.penalty, item_weights)
        return ClosedForm(slope.T, intercept, {"penalty": found.penalty, "leave_one_out": found.mean})

    def describe(self) -> dict[str, Any]:
        return {"mean": self.mean, "deviation": self.deviation, "metric_name": self.metric_name}


def _number(label: Any) -> float | None:
    try:
        number = float(label)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
