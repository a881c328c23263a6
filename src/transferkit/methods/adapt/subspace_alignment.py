"""Subspace alignment: turn the principal axes of the source onto those of the target, then learn in them.

Fernando, Habrard, Sebban & Tuytelaars 2013, "Unsupervised visual domain adaptation using subspace alignment", ICCV; see
`ops/alignment/subspace_alignment.py`. Differs: the number of axes is the one up to which the domains agree (Gong et al. 2012)
instead of one cross-validated under a bound; target labels, where there are some, are used too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from transferkit.training.alignment_method import AlignmentMethod

if TYPE_CHECKING:
    from transferkit.ops.alignment.contract import Alignment, Sides


@dataclass(frozen=True, kw_only=True)
class SubspaceAlignment(AlignmentMethod):
    """Source and target each in its own principal axes, the source's turned onto the target's.

    Use when features are many and domains differ in a rotation or in the means; not when what tells classes apart
    varies little.

    >>> str(SubspaceAlignment(n_components=10))
    'subspace_alignment:n_components=10'
    """

    paper: ClassVar[str] = "doi:10.1109/ICCV.2013.368"
    positive: ClassVar[tuple[str, ...]] = ("n_components",)

    n_components: int | None = None
    """Principal axes of each domain; None: as many as the domains agree on."""

    def align(self, sides: Sides) -> Alignment:
        from transferkit.ops.alignment.subspace_alignment import subspace_alignment

        return subspace_alignment(sides.source, sides.target, n_components=self.n_components)
