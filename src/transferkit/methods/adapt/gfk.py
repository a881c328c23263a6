"""GFK: features in all subspaces on the way from the source's to the target's at once.

Gong, Shi, Sha & Grauman 2012, "Geodesic flow kernel for unsupervised domain adaptation", CVPR; see
`ops/alignment/geodesic_flow.py`. Differs: a linear head on the kernel's features instead of the nearest neighbour;
target labels, where there are some, are used too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from transferkit.training.alignment_method import AlignmentMethod

if TYPE_CHECKING:
    from transferkit.ops.alignment.contract import Alignment, Sides


@dataclass(frozen=True, kw_only=True)
class GFK(AlignmentMethod):
    """Inner products over the geodesic between the two domains' principal subspaces.

    Use when features are many and the domains' main directions of variation differ; not when there are few features.

    >>> str(GFK(n_components=10))
    'gfk:n_components=10'
    """

    paper: ClassVar[str] = "doi:10.1109/CVPR.2012.6247911"
    positive: ClassVar[tuple[str, ...]] = ("n_components",)

    n_components: int | None = None
    """Dimensions of each subspace; None: as many as the domains agree on, by the paper's subspace disagreement."""

    def align(self, sides: Sides) -> Alignment:
        from transferkit.ops.alignment.geodesic_flow import geodesic_flow

        return geodesic_flow(sides.source, sides.target, n_components=self.n_components)
