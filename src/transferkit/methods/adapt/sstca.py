"""SSTCA: transfer components that also depend on the labels and keep neighbours together.

Pan, Tsang, Kwok & Yang 2011, "Domain adaptation via transfer component analysis", IEEE TNN 22(2), section IV; see
`ops/alignment/transfer_components.py`. Differs: target labels, where there are some, are used too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from transferkit.core.errors import WrongUse
from transferkit.training.alignment_method import AlignmentMethod

if TYPE_CHECKING:
    from transferkit.ops.alignment.contract import Alignment, Sides


@dataclass(frozen=True, kw_only=True)
class SSTCA(AlignmentMethod):
    """Features in which the domains are alike on average, classes lie apart and neighbours together.

    Use as `tca`, where the labels of the source tell which directions matter; not when classes have other shares in the target.

    >>> str(SSTCA(label_share=0.9))
    'sstca:label_share=0.9'
    """

    paper: ClassVar[str] = "doi:10.1109/TNN.2010.2091281"
    positive: ClassVar[tuple[str, ...]] = ("n_components", "penalty", "neighbours", "width")
    not_negative: ClassVar[tuple[str, ...]] = ("manifold",)

    n_components: int | None = None
    """None: 30 at most, without those in which the domains differ more than items vary."""
    penalty: float = 1.0
    """mu: what a long direction costs beside a difference of the means."""
    label_share: float = 0.5
    """gamma: how much dependence on the labels counts, 0 to 1; the rest is variance."""
    neighbours: int = 10
    """Of each item, that are kept near it."""
    manifold: float = 10.0
    """lambda: how strongly they are; 0: not at all."""
    kernel: Literal["linear", "gaussian"] = "linear"
    width: float | None = None
    """Of the Gaussian, 1 / (2 sigma^2); None: 1 / the median squared distance of two items."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.label_share <= 1:
            raise WrongUse(f"{self.name}:label_share={self.label_share} must be from 0 to 1")

    @property
    def of_classes(self) -> bool:
        """Labels are what it adds to plain components."""
        return True

    def align(self, sides: Sides) -> Alignment:
        from transferkit.ops.alignment.transfer_components import labelled_components

        return labelled_components(
            *sides.with_classes(),
            n_components=self.n_components,
            penalty=self.penalty,
            label_share=self.label_share,
            neighbours=self.neighbours,
            manifold=self.manifold,
            kernel=self.kernel,
            width=self.width,
        )
