"""The default network of rows: a residual one over the columns, told by the training rows what their columns hold."""

from __future__ import annotations

from transferkit.core.target import Target
from transferkit.sources.architectures.tabular_mlp import architecture_for
from transferkit.sources.processors.columns import fitted
from transferkit.training.body import Body

ENOUGH_ROWS = 250
"""From so many training rows on the network has blocks; with fewer it is linear in its columns. Patients and wines did better
by a line up to some hundred rows, where blocks learned the rows by heart; days of bicycle hire did better with blocks even
there. A number between, chosen on these very tables: on others it is a guess."""
BLOCKS = 2


def default_body(target: Target, seed: int) -> Body:
    """A small network, freshly initialised, for the columns of `target.train`; linear in them where rows are few."""
    processor = fitted(target.train.items)
    blocks = BLOCKS if len(target.train) >= ENOUGH_ROWS else 0
    return Body.fresh(architecture_for(processor, blocks=blocks), processor, seed)
