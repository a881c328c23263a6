"""MMD: features of both domains with the same mean in the space of a kernel (a deep adaptation network, DAN).

Long, Cao, Wang & Jordan 2015, arXiv:1502.02791, eq. 4: L_domain = MMD^2(f(S), f(T)) under a family of Gaussians. Differs: of
the last state alone, not of several layers; the family has fixed weights; all pairs of a batch count, unbiased, not every
other one. Target labels, where there are some, are used too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from transferkit.training.adapting_method import AdaptingMethod

if TYPE_CHECKING:
    from torch import Tensor

    from transferkit.core.run import Run
    from transferkit.training.adaptation import Both, Objective
    from transferkit.training.domains import Domains
    from transferkit.training.model import Model


@dataclass(frozen=True, kw_only=True)
class MMD(AdaptingMethod):
    """Train on the source while the distributions of both domains' features are drawn together.

    Steady where inputs shift and classes keep their meaning. Not where the classes differ, or their shares do.

    >>> str(MMD(weight=0.5))
    'mmd:weight=0.5'
    """

    paper: ClassVar[str] = "arXiv:1502.02791"

    estimator: Literal["unbiased", "biased", "linear"] = "unbiased"

    def objective(self, model: Model, domains: Domains, run: Run) -> Objective:
        """MMD^2 of the features, with the bandwidths that each batch suggests."""
        from transferkit.ops.discrepancies.mmd import mmd
        from transferkit.training.adaptation import Objective

        def loss(both: Both) -> Tensor:
            return mmd(both.source.features, both.target.features, estimator=self.estimator)

        return Objective(loss)
