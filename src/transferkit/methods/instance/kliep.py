"""KLIEP: source items count by the ratio of densities under which the target's items are likeliest.

Sugiyama, Nakajima, Kashima, von Bünau & Kawanabe 2008, "Direct importance estimation with model selection" (NIPS 20).
Differs: target labels, where there are some, are used too; see `ops/density_ratio/kliep.py` for how it is solved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from transferkit.training.weighing_method import WeighingMethod

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, kw_only=True)
class KLIEP(WeighingMethod):
    """Weigh source items by a ratio of densities whose width is chosen by likelihood. Use where inputs shift in few
    dimensions.

    Of many features it says little; `classifier_weights` then says more.

    >>> str(KLIEP())
    'kliep'
    """

    paper: ClassVar[str] = "doi:10.1007/s10463-008-0197-x"
    positive: ClassVar[tuple[str, ...]] = ("width",)

    width: float | None = None
    """Sigma of the Gaussians on standardised features; None: chosen by the likelihood of target items left out."""

    def weigh(self, source: np.ndarray, target: np.ndarray) -> np.ndarray:
        from transferkit.ops.density_ratio.kliep import kliep

        return kliep(source, target, width=self.width)
