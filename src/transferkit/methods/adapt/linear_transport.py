"""Linear transport: carry source features onto the target's by the optimal transport between two Gaussians.

Flamary, Lounici & Ferrari 2019, "Concentration bounds for linear Monge mapping estimation and optimal transport
domain adaptation", arXiv:1905.10155; see `ops/alignment/linear_transport.py`. Differs: covariances are shrunk
optimally (Ledoit & Wolf 2004), so that fewer items than features will do; target labels, where there are some, are
used too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from transferkit.training.alignment_method import AlignmentMethod

if TYPE_CHECKING:
    from transferkit.ops.alignment.contract import Alignment, Sides


@dataclass(frozen=True, kw_only=True)
class LinearTransport(AlignmentMethod):
    """The linear map that gives source features the target's mean and covariance and moves them least on the way.

    Use as `recolouring`, where features differ in scale or mixture between domains; not when classes have other shares there.

    >>> str(LinearTransport(ridge=0.1))
    'linear_transport:ridge=0.1'
    """

    paper: ClassVar[str] = "arXiv:1905.10155"
    tried_on: ClassVar[Literal["every", "promising", "named"]] = "every"

    ridge: float | None = None
    """Added to every variance; None: covariances are shrunk by the optimal share instead."""

    def __post_init__(self) -> None:
        from transferkit.core.errors import WrongUse

        super().__post_init__()
        if self.ridge is not None and not self.ridge >= 0:
            raise WrongUse(f"{self.name}:ridge={self.ridge} must be at least 0")

    def align(self, sides: Sides) -> Alignment:
        from transferkit.ops.alignment.linear_transport import linear_transport

        return linear_transport(sides.source, sides.target, ridge=self.ridge)
