"""Procrustes: the source's features turned onto the target's.

Schönemann 1966. See `ops/mappings/procrustes.py`. Differs: the spaces may have different numbers of columns; without
pairs the class means are what is turned.
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
class Procrustes(PairedMethod):
    """Carry knowledge to other features by a rotation and one scale. Use where pairs are fewer than columns: an angle
    is all it fits.

    Not for tables whose columns mean unlike things in unlike number; then least squares.

    >>> str(Procrustes(scaling=False))
    'procrustes:scaling=false'
    """

    paper: ClassVar[str] = "doi:10.1007/BF02289451"

    scaling: bool = True
    """Fit one scale beside the rotation."""

    def from_pairs(self, x: np.ndarray, y: np.ndarray, weights: np.ndarray, run: Run) -> SpaceMap:
        from transferkit.ops.mappings.procrustes import procrustes

        return procrustes(x, y, self.scaling, weights)
