"""Micro-F1 of tags: F1 over all decisions together, one for each item and tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.task import Predictions
from transferkit.tasks.metrics.jackknife import pseudo_values
from transferkit.tasks.metrics.tags._tables import TagMetric, table


@dataclass(frozen=True)
class MicroF1(TagMetric):
    """F1 = 2 hits / (truths + guesses), counted over all tags at once: every tag that is set counts alike, frequent ones
    therefore more. 0 where no tag is borne or guessed at all."""

    name = "micro_f1"

    def step(self, labels: Sequence[Any]) -> float:
        """One item adds its own tags, among all."""
        sizes = [len(tags) for tags in labels]
        return len(labels) * max(sizes) / sum(sizes) if sum(sizes) else 1.0

    def per_item(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n,) jackknife pseudo-values; single ones may lie outside 0 to 1.

        >>> MicroF1(("a", "b")).value(Predictions((("a",), ("a",), ("b",))), [("a",), (), ("a", "b")])
        0.666...
        """
        truth, guess = self.truth(predictions, labels), table(predictions.labels, self.classes)
        hit = (truth & guess).sum(axis=1)  # (n,)
        size = truth.sum(axis=1) + guess.sum(axis=1)  # (n,)
        value = 2 * hit.sum() / max(size.sum(), 1)
        return pseudo_values(float(value), 2 * (hit.sum() - hit) / np.maximum(size.sum() - size, 1))
