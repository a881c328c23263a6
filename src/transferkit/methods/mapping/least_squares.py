"""Least squares: the source's features taken to the target's by the linear map of least squared error.

Hoerl & Kennard 1970 (ridge); by steps: Bach & Moulines 2013. See `ops/mappings/least_squares.py`. Differs: without
pairs each source item is paired with the mean of its class in the target.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from transferkit.training.paired_method import PairedMethod

if TYPE_CHECKING:
    import numpy as np

    from transferkit.core.run import Run
    from transferkit.ops.mappings.space_map import SpaceMap


@dataclass(frozen=True, kw_only=True)
class LeastSquares(PairedMethod):
    """Carry a labelled table, or what another network sees, to other features by a line. The first to try where pairs
    are known.

    From class means alone it can tell of no more directions than there are classes, less one.

    >>> str(LeastSquares(penalty=0.1))
    'least_squares:penalty=0.1'
    """

    paper: ClassVar[str] = "doi:10.1080/00401706.1970.10488634"

    penalty: float | None = None
    """Of ridge; 0 is plain least squares, None: the one under which left-out pairs are met best."""
    solver: Literal["closed", "steps"] = "closed"
    """closed: the exact minimum; steps: averaged gradient steps in random batches, without a penalty."""

    def from_pairs(self, x: np.ndarray, y: np.ndarray, weights: np.ndarray, run: Run) -> SpaceMap:
        from transferkit.ops.mappings.least_squares import least_squares
        from transferkit.ops.mappings.least_squares_by_steps import random_batches

        if self.solver == "steps":
            return random_batches(x, y, weights, run.derived_seed("batches"))
        return least_squares(x, y, self.penalty, weights)
