"""Kernel mean matching: source items count so that their mean is the target's, in the feature space of a kernel.

Huang, Smola, Gretton, Borgwardt & Schölkopf 2007, "Correcting sample selection bias by unlabeled data" (NIPS 19).
Differs: target labels, where there are some, are used too; the program is solved exactly and for all items at once
(`ops/density_ratio/kmm.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from transferkit.training.weighing_method import WeighingMethod

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, kw_only=True)
class KMM(WeighingMethod):
    """Weigh source items by matching means. Use where inputs shift and labels keep their meaning; not where classes
    differ.

    >>> str(KMM(learner="random_forest"))
    'kmm:learner=random_forest'
    """

    paper: ClassVar[str] = "doi:10.7551/mitpress/7503.003.0080"
    positive: ClassVar[tuple[str, ...]] = ("width", "most")

    width: float | None = None
    """Sigma of the Gaussian kernel on standardised features; None: the median distance of two items."""
    most: float = 1000.0
    """The largest weight of an item."""

    def weigh(self, source: np.ndarray, target: np.ndarray) -> np.ndarray:
        from transferkit.ops.density_ratio.kmm import kmm

        return kmm(source, target, width=self.width, most=self.most)
