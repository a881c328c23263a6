"""CORAL: features of both domains with the same covariance (deep CORAL).

Sun & Saenko 2016, arXiv:1607.01719, eq. 1 and 6: L_domain = |C_S - C_T|^2 / (4 d^2). Differs: of the features, not of the
class scores; the sum over d^2 entries is not divided by d^2 but by d, which leaves the weight its meaning whatever the width.
Target labels, where there are some, are used too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from transferkit.training.adapting_method import AdaptingMethod

if TYPE_CHECKING:
    from torch import Tensor

    from transferkit.core.run import Run
    from transferkit.training.adaptation import Both, Objective
    from transferkit.training.domains import Domains
    from transferkit.training.model import Model


@dataclass(frozen=True, kw_only=True)
class CORAL(AdaptingMethod):
    """Train on the source while second moments of both domains' features are drawn together.

    The gentlest of the aligning methods: cheap, and little can go wrong. Blind to means and to all else but covariances. The
    form that recolours frozen features is a method of its own, see `transferkit methods`.

    >>> str(CORAL(weight=0.5))
    'coral:weight=0.5'
    """

    paper: ClassVar[str] = "arXiv:1607.01719"

    def objective(self, model: Model, domains: Domains, run: Run) -> Objective:
        """The distance of the covariances."""
        from transferkit.ops.discrepancies.coral import coral
        from transferkit.training.adaptation import Objective

        def loss(both: Both) -> Tensor:
            return model.network.feature_dim * coral(both.source.features, both.target.features)

        return Objective(loss)
