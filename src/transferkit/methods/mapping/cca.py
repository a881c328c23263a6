"""CCA: the source's features taken to the target's through the directions that both have in common.

Hotelling 1936, with the ridge of Vinod 1976. See `ops/mappings/cca.py`. Differs: without pairs each source item is
paired with the mean of its class in the target.
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
class CCA(PairedMethod):
    """Carry only what both spaces see. Use where each also sees much that the other does not; needs some pairs a
    column.

    Number of directions and ridge are chosen on held-out pairs.

    >>> str(CCA(n_components=2))
    'cca:n_components=2'
    """

    paper: ClassVar[str] = "doi:10.1093/biomet/28.3-4.321"
    positive: ClassVar[tuple[str, ...]] = ("n_components", "ridge")

    n_components: int | None = None
    """Directions that are kept; None: as many as serve held-out pairs best; so the ridge."""
    ridge: float | None = None
    """Added to both variances, in units of their mean."""

    def from_pairs(self, x: np.ndarray, y: np.ndarray, weights: np.ndarray, run: Run) -> SpaceMap:
        from transferkit.ops.mappings.cca import cca

        return cca(x, y, self.n_components, self.ridge, weights)
