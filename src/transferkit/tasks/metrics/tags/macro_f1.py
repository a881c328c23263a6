"""Macro-F1 of tags: the F1 of each tag, averaged over the tags that occur."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from transferkit.core.task import Predictions
from transferkit.tasks.metrics.tags._tables import TagMetric, macro_values, table


@dataclass(frozen=True)
class MacroF1(TagMetric):
    """The mean over tags of F1 = 2 hits / (truths + guesses): rare tags count as much as frequent ones."""

    name = "macro_f1"

    def per_item(self, predictions: Predictions, labels: Sequence[Any]) -> np.ndarray:
        """(n,) jackknife pseudo-values; single ones may lie outside 0 to 1.

        >>> MacroF1(("a", "b")).value(Predictions((("a",), ("a",), ("b",))), [("a",), (), ("a", "b")])
        0.75
        """
        truth = self.truth(predictions, labels)
        guess = table(predictions.labels, self.classes)
        hit, size = truth & guess, truth.astype(int) + guess  # what each item adds to 2 F1's numerator and denominator
        hits, sizes = hit.sum(axis=0), size.sum(axis=0)
        by_tag = 2 * hits / np.maximum(sizes, 1)
        without = 2 * (hits - hit) / np.maximum(sizes - size, 1)  # size 0 has no hits either
        return macro_values(by_tag, without, truth, self.name)
