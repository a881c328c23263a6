"""TJM: learn in components in which the domains have the same mean and that source items unlike the target hardly shape.

Long, Wang, Ding, Sun & Yu 2014, "Transfer joint matching for unsupervised domain adaptation", CVPR; see
`ops/alignment/joint_matching.py`. Differs: a linear head in place of the nearest neighbour; target labels, where there are
some, are used too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from transferkit.core.errors import WrongUse
from transferkit.training.alignment_method import AlignmentMethod

if TYPE_CHECKING:
    from transferkit.ops.alignment.contract import Alignment, Sides


@dataclass(frozen=True, kw_only=True)
class TJM(AlignmentMethod):
    """Features in which the domains are alike on average, found without the source items that have no like in the target.

    Use as `tca`, where a part of the source looks like nothing in the target; not when classes have other shares there.

    >>> str(TJM(sparsity=0.5))
    'tjm:sparsity=0.5'
    """

    paper: ClassVar[str] = "doi:10.1109/CVPR.2014.183"
    positive: ClassVar[tuple[str, ...]] = ("n_components", "penalty", "rounds", "width")

    n_components: int | None = None
    """None: 30 at most, without those in which the domains differ more than items vary."""
    penalty: float = 1.0
    """lambda: what long rows cost beside a difference of the means."""
    sparsity: float = 1.0
    """How far source items are left out one by one, 0 to 1; 0: none is, which is `tca`."""
    rounds: int = 10
    """Most turns of components and weights; they end where the objective hardly falls."""
    kernel: Literal["linear", "gaussian"] = "linear"
    width: float | None = None
    """Of the Gaussian, 1 / (2 sigma^2); None: 1 / the median squared distance of two items."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.sparsity <= 1:
            raise WrongUse(f"{self.name}:sparsity={self.sparsity} must be from 0 to 1")

    def align(self, sides: Sides) -> Alignment:
        from transferkit.ops.alignment.joint_matching import joint_matching

        return joint_matching(
            sides.source,
            sides.target,
            n_components=self.n_components,
            penalty=self.penalty,
            sparsity=self.sparsity,
            rounds=self.rounds,
            kernel=self.kernel,
            width=self.width,
        )
