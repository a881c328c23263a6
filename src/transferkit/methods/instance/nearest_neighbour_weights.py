"""Nearest-neighbour weights: source items count by how many target items they are the nearest to.

Loog 2012, "Nearest neighbor-based importance weighting" (MLSP). Differs: target labels, where there are some, are used
too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from transferkit.training.weighing_method import WeighingMethod

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, kw_only=True)
class NearestNeighbourWeights(WeighingMethod):
    """Weigh source items by the target items around them. Use as the simplest of its kind: no kernel, no width.

    Rough where the target has few items, for a count then is mostly chance.

    >>> str(NearestNeighbourWeights(neighbours=3))
    'nearest_neighbour_weights:neighbours=3'
    """

    paper: ClassVar[str] = "doi:10.1109/MLSP.2012.6349714"
    positive: ClassVar[tuple[str, ...]] = ("neighbours",)
    not_negative: ClassVar[tuple[str, ...]] = ("smoothing",)

    neighbours: int = 1
    """Source items among which each target item is divided."""
    smoothing: float = 1.0
    """Added to every count; 0 leaves out what is nobody's nearest."""

    def weigh(self, source: np.ndarray, target: np.ndarray) -> np.ndarray:
        from transferkit.ops.density_ratio.nearest_neighbour import nearest_neighbour

        neighbours = min(self.neighbours, len(source))
        return nearest_neighbour(source, target, neighbours=neighbours, smoothing=self.smoothing)
