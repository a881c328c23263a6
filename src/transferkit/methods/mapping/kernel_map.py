"""Kernel map: the source's features taken to the target's by Gaussian kernel ridge.

Saunders, Gammerman & Vovk 1998. See `ops/mappings/kernel_ridge.py`. Differs: without pairs each source item is paired
with the mean of its class in the target.
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
class KernelMap(PairedMethod):
    """Carry knowledge to other features by a map that bends. Use with some hundred pairs or more; a line needs fewer.

    Far from the pairs it gives the target's mean, which is safe and says nothing.

    >>> str(KernelMap(width=0.1))
    'kernel_map:width=0.1'
    """

    paper: ClassVar[str] = "ICML 1998 p. 515"
    positive: ClassVar[tuple[str, ...]] = ("penalty", "width")

    penalty: float | None = None
    """None: the one under which left-out pairs are met best; so the width."""
    width: float | None = None
    """Of exp(-width |x - x'|^2) on standardised features."""

    def from_pairs(self, x: np.ndarray, y: np.ndarray, weights: np.ndarray, run: Run) -> SpaceMap:
        from transferkit.ops.mappings.kernel_ridge import kernel_ridge

        return kernel_ridge(x, y, self.penalty, self.width, weights)
