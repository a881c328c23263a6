"""Network map: the source's features taken to the target's by a line with one hidden layer beside it.

See `ops/mappings/small_network.py`. Differs from a plain network: it begins as the line of least squares and leaves
it only where held-out pairs are met better.
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
class NetworkMap(PairedMethod):
    """Carry knowledge to other features by a small network. Use with hundreds of pairs; with few it is the line of
    least squares.

    Slower than the kernel map, and smaller where pairs are many.

    >>> str(NetworkMap(hidden=16))
    'network_map:hidden=16'
    """

    positive: ClassVar[tuple[str, ...]] = ("hidden",)

    hidden: int = 64

    def from_pairs(self, x: np.ndarray, y: np.ndarray, weights: np.ndarray, run: Run) -> SpaceMap:
        from transferkit.ops.mappings.small_network import small_network

        return small_network(x, y, self.hidden, weights, run.derived_seed("network"))
