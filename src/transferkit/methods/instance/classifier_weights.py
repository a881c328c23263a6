"""Classifier weights: source items count by the odds that a classifier of the two domains gives them of being target
items.

Bickel, Brückner & Scheffer 2007, doi:10.1145/1273496.1273507: w(x) = p(target | x) / p(source | x) n_s / n_t. Differs:
the ratio of an item comes from folds without it (`ops/label_free/density_ratio.py`); `flattened` raises it to a power
(Shimodaira 2000); target labels, where there are some, are used too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.training.weighing_method import WeighingMethod


@dataclass(frozen=True, kw_only=True)
class ClassifierWeights(WeighingMethod):
    """Weigh source items by a logistic regression between the domains. Use for features of networks, which are many.

    Where it tells the domains apart without a mistake no source item looks like the target, and weights say little.

    >>> str(ClassifierWeights(flattened=0.5))
    'classifier_weights:flattened=0.5'
    """

    paper: ClassVar[str] = "doi:10.1145/1273496.1273507"
    not_negative: ClassVar[tuple[str, ...]] = ("flattened",)

    flattened: float = 1.0
    """The power that weights are raised to, 0 to 1: 0 leaves them all alike, 1 as they are; between, less variance for
    some bias."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.flattened <= 1:
            raise WrongUse(f"{self.name}:flattened={self.flattened} must be 0 to 1")

    def weigh(self, source: np.ndarray, target: np.ndarray) -> np.ndarray:
        from transferkit.ops.label_free.density_ratio import density_ratio

        ratio: np.ndarray = density_ratio(source, target) ** self.flattened
        return ratio
