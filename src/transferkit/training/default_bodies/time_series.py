"""The default network of time series: a small convolutional one over the channels of the training windows."""

from __future__ import annotations

from transferkit.core.architecture import Architecture
from transferkit.core.target import Target
from transferkit.sources.processors.window import fitted
from transferkit.training.body import Body


def default_body(target: Target, seed: int) -> Body:
    """A small residual network over time, freshly initialised, standardised by `target.train`."""
    processor = fitted(target.train.items)
    return Body.fresh(Architecture.of("series_cnn", {"channels": len(processor.mean)}), processor, seed)
