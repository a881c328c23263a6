"""Optimal transport: carry each source item to where its mass goes among the target's, then learn from the carried items.

Courty, Flamary, Tuia & Rakotomamonjy 2017, "Optimal transport for domain adaptation", IEEE TPAMI 39(9),
arXiv:1507.00504; see `ops/alignment/transport.py`. Differs: costs are in units of their median; target labels, where
there are some, are used too, to forbid transport between classes and to learn from. Needs POT, the extra `[ot]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from transferkit.training.alignment_method import AlignmentMethod

if TYPE_CHECKING:
    from transferkit.ops.alignment.contract import Alignment, Sides


@dataclass(frozen=True, kw_only=True)
class OptimalTransport(AlignmentMethod):
    """Source items among the target's, where the cheapest plan carries them.

    Use when the target is a deformed copy of the source that no linear map undoes; not when classes have other shares
    there, for all mass must go somewhere.

    >>> str(OptimalTransport(plan="exact"))
    'optimal_transport:plan=exact'
    """

    paper: ClassVar[str] = "arXiv:1507.00504"
    positive: ClassVar[tuple[str, ...]] = ("entropy",)
    not_negative: ClassVar[tuple[str, ...]] = ("class_strength",)

    plan: Literal["sinkhorn", "classes", "groups", "exact"] = "sinkhorn"
    """sinkhorn: smoothed by entropy; classes, groups: and one target item's mass from one class, by an Lp-L1 norm or
    a group lasso; exact: neither."""
    entropy: float = 0.1
    """Of the smoothed plans, in units of the median cost: how far mass is spread."""
    class_strength: float = 0.1
    """Of the plans that look at classes."""

    @property
    def of_classes(self) -> bool:
        """Two of the plans are regularised by them."""
        return self.plan in ("classes", "groups")

    def align(self, sides: Sides) -> Alignment:
        from transferkit.ops.alignment.transport import transport

        return transport(
            sides.source,
            sides.target,
            sides.source_classes,
            sides.target_classes,
            plan=self.plan,
            entropy=self.entropy,
            class_strength=self.class_strength,
        )
