"""Predicted and true numbers as arrays, checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from transferkit.core.errors import Failed
from transferkit.core.task import Predictions
from transferkit.tasks.metrics.checks import check_lengths


def pairs(predictions: Predictions, labels: Sequence[Any], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Predicted (n,) and true (n,) numbers."""
    check_lengths(predictions, labels)
    guess, truth = (np.asarray(values, dtype=np.float64) for values in (predictions.labels, labels))
    if not np.isfinite(guess).all():
        raise Failed(f"metric {name} cannot be computed: a predicted number is not finite")
    return guess, truth


def spread(labels: Sequence[Any]) -> float:
    """The standard deviation of the labels, or 1 where they are all alike: the natural unit of an error."""
    deviation = float(np.std(np.asarray(labels, dtype=np.float64)))
    return deviation if deviation > 0 else 1.0
