"""Attention map: many columns to many, each of the target's attends over the source's.

See `ops/mappings/attention.py`; after Vaswani et al. 2017. Differs: attention does not depend on the item, so that it
tells which columns belong together. Without pairs each source item is paired with the mean of its class in the
target.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from transferkit.training.paired_method import PairedMethod

if TYPE_CHECKING:
    import numpy as np

    from transferkit.core.run import Run
    from transferkit.ops.mappings.space_map import SpaceMap


@dataclass(frozen=True, kw_only=True)
class AttentionMap(PairedMethod):
    """Carry a table to other columns of which some mean the same. Use where pairs are few and columns have meanings.

    Columns that are mixtures of all others, as those of most networks, are better served by least squares.

    >>> str(AttentionMap(learn_from='pairs'))
    'attention_map:learn_from=pairs'
    """

    paper: ClassVar[str] = "arXiv:1706.03762"

    def from_pairs(self, x: np.ndarray, y: np.ndarray, weights: np.ndarray, run: Run) -> SpaceMap:
        from transferkit.ops.mappings.attention import attention

        return attention(x, y, weights, run.derived_seed("attention"))
