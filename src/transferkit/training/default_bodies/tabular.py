"""The default network of rows: a residual one over the columns, told by the training rows what their columns hold."""

from __future__ import annotations

from transferkit.core.target import Target
from transferkit.sources.architectures.tabular_mlp import architecture_for
from transferkit.sources.processors.columns import fitted
from transferkit.training.body import Body


def default_body(target: Target, seed: int) -> Body:
    """A small residual network, freshly initialised, for the columns of `target.train`."""
    processor = fitted(target.train.items)
    return Body.fresh(architecture_for(processor), processor, seed)
