"""Recolouring: give source features the target's mean and covariance, then learn from them. The shallow CORAL.

Sun, Feng & Saenko 2016, "Return of frustratingly easy domain adaptation", arXiv:1511.05547, Algorithm 1; see
`ops/alignment/recolouring.py`. Differs: target labels, where there are some, are used too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from transferkit.training.alignment_method import AlignmentMethod

if TYPE_CHECKING:
    from transferkit.ops.alignment.contract import Alignment, Sides


@dataclass(frozen=True, kw_only=True)
class Recolouring(AlignmentMethod):
    """Source features in the target's colours: the same second moments, and labels that keep their meaning.

    Use when inputs are shifted, scaled or correlated otherwise in the target; not when its classes have other shares, for the
    mean then moves with them.

    >>> str(Recolouring(ridge=0.1))
    'recolouring:ridge=0.1'
    """

    paper: ClassVar[str] = "arXiv:1511.05547"
    tried_on: ClassVar[Literal["every", "promising", "named"]] = "every"
    not_negative: ClassVar[tuple[str, ...]] = ("ridge",)

    ridge: float = 1.0
    """Added to every variance of both domains, whose features have variance 1 together; the paper's identity."""

    def align(self, sides: Sides) -> Alignment:
        from transferkit.ops.alignment.recolouring import recolouring

        return recolouring(sides.source, sides.target, ridge=self.ridge)
