"""RuLSIF: source items count by a ratio of densities fitted by least squares, bounded.

Yamada, Suzuki, Kanamori, Hachiya & Sugiyama 2013, arXiv:1106.4729; with `relative=0` the uLSIF of Kanamori, Hido &
Sugiyama 2009 (JMLR 10). Differs: target labels, where there are some, are used too; see `ops/density_ratio/rulsif.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from transferkit.core.errors import WrongUse
from transferkit.training.weighing_method import WeighingMethod

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, kw_only=True)
class RuLSIF(WeighingMethod):
    """Weigh source items by a relative ratio of densities, which no single item can dominate. Use where domains hardly
    overlap.

    The bound costs truth: weights are those of a target mixed with a part of the source.

    >>> str(RuLSIF(relative=0.0))
    'rulsif:relative=0.0'
    """

    paper: ClassVar[str] = "arXiv:1106.4729"
    not_negative: ClassVar[tuple[str, ...]] = ("relative",)

    relative: float = 0.1
    """Share of the target in the mixture that its density is divided by: no weight is above 1 / relative. 0: the plain
    ratio."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.relative < 1:
            raise WrongUse(f"{self.name}:relative={self.relative} must be below 1")

    def weigh(self, source: np.ndarray, target: np.ndarray) -> np.ndarray:
        from transferkit.ops.density_ratio.rulsif import rulsif

        return rulsif(source, target, relative=self.relative)
