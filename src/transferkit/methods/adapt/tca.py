"""TCA: learn in components of a kernel along which items vary and the domains' means do not differ.

Pan, Tsang, Kwok & Yang 2011, "Domain adaptation via transfer component analysis", IEEE TNN 22(2), equation 9, as the
generalised eigenproblem that it is; see `ops/alignment/transfer_components.py`. Differs: target labels, where there
are some, are used too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from transferkit.training.alignment_method import AlignmentMethod

if TYPE_CHECKING:
    from transferkit.ops.alignment.contract import Alignment, Sides


@dataclass(frozen=True, kw_only=True)
class TCA(AlignmentMethod):
    """Features in which the domains are alike on average and keep their variance.

    Use when both domains share structure under a shift of inputs; not when classes have other shares in the target.

    >>> str(TCA(n_components=5, kernel="gaussian"))
    'tca:n_components=5,kernel=gaussian'
    """

    paper: ClassVar[str] = "doi:10.1109/TNN.2010.2091281"
    positive: ClassVar[tuple[str, ...]] = ("n_components", "penalty", "width")

    n_components: int | None = None
    """None: 30 at most, without those in which the domains differ more than items vary."""
    penalty: float = 1.0
    """mu: what a long direction costs beside a difference of the means."""
    kernel: Literal["linear", "gaussian"] = "linear"
    width: float | None = None
    """Of the Gaussian, 1 / (2 sigma^2); None: 1 / the median squared distance of two items."""

    def align(self, sides: Sides) -> Alignment:
        from transferkit.ops.alignment.transfer_components import transfer_components

        return transfer_components(
            sides.source,
            sides.target,
            n_components=self.n_components,
            penalty=self.penalty,
            kernel=self.kernel,
            width=self.width,
        )
