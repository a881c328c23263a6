"""A window of a time series: its channels, thinned out to what a small picture can show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from transferkit.evaluate.summary import Mistake

MOST_CHANNELS = 6
"""Those that move most within the window, by their own deviation over their mean size."""
MOST_MOMENTS = 120


def show(mistake: Mistake, item: Any, channels: Sequence[str] = ()) -> Mistake:
    """With its `window` and what its channels are called; `about` says how much there is of it."""
    window = np.asarray(item, dtype=np.float64)  # (length, channels)
    length, n_channels = window.shape
    chosen = np.sort(np.argsort(-_movement(window), kind="stable")[:MOST_CHANNELS])
    moments = np.unique(np.linspace(0, length - 1, min(length, MOST_MOMENTS)).round().astype(int))
    rows = [tuple(float(f"{value:.5g}") for value in window[moments, channel]) for channel in chosen]
    names = tuple(channels[i] if channels else f"channel {i + 1}" for i in chosen.tolist())
    counted = "1 channel" if n_channels == 1 else f"{n_channels} channels"
    shown = f", {len(chosen)} of them shown" if len(chosen) < n_channels else ""
    return replace(mistake, window=tuple(rows), channels=names, about=f"{length} rows, {counted}{shown}")


def _movement(window: np.ndarray) -> np.ndarray:
    """(channels,) 0 where a channel stands still or says nothing."""
    known = np.where(np.isnan(window), 0.0, window)
    size = np.abs(known).mean(axis=0)
    moved: np.ndarray = known.std(axis=0) / np.where(size > 0, size, 1.0)
    return moved
