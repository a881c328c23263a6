"""Checks at the door of every metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transferkit.core.task import Predictions


def check_lengths(predictions: Predictions, labels: Sequence[Any]) -> None:
    """Raise where there are no items, or not one prediction an item."""
    if len(predictions) != len(labels):
        raise ValueError(f"{len(predictions)} predictions cannot be judged by {len(labels)} labels")
    if not len(labels):
        raise ValueError("no items to judge")
