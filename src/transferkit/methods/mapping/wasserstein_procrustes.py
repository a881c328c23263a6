"""Wasserstein-Procrustes: the source's features turned onto the target's, the pairing found along with the rotation.

Grave, Joulin & Berthet 2019. See `ops/mappings/wasserstein_procrustes.py`. Differs: target labels, where there are
some, forbid a source item to go to an item of another class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from transferkit.training.unpaired_method import UnpairedMethod

if TYPE_CHECKING:
    import numpy as np

    from transferkit.core.run import Run
    from transferkit.ops.mappings.space_map import SpaceMap


@dataclass(frozen=True, kw_only=True)
class WassersteinProcrustes(UnpairedMethod):
    """Carry knowledge to other features without pairs, by optimal transport. Use where both see the same kind of
    things, in the same shares.

    `cost` among the settings of the fit tells how much of the target's variance the matching left; near 1 it found
    nothing.

    >>> str(WassersteinProcrustes(source_share=1.0))
    'wasserstein_procrustes:source_share=1.0'
    """

    paper: ClassVar[str] = "arXiv:1805.11222"

    def from_clouds(
        self,
        x: np.ndarray,
        y: np.ndarray,
        x_labels: tuple[Any, ...] | None,
        y_labels: tuple[Any, ...] | None,
        run: Run,
    ) -> SpaceMap:
        from transferkit.ops.mappings.wasserstein_procrustes import wasserstein_procrustes

        return wasserstein_procrustes(x, y, x_labels, y_labels, run.derived_seed("rows"))
