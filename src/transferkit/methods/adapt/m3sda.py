"""M3SDA: the moments of several source domains' features and of the target's drawn together.

Peng, Bai, Xia, Huang, Saenko & Wang 2019, arXiv:1812.01754, eq. 1: L_domain = moment distance of first and second moments, of
each source to the target and of the sources to each other. Differs: one classifier for all sources, not one each; a source
with one item in a batch is passed over there. Target labels, where there are some, are used too.
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
class M3SDA(AdaptingMethod):
    """Train on several source domains while all of them and the target are matched in their features' moments.

    For two sources or more that differ among themselves; of one it matches means and variances.

    >>> str(M3SDA(orders=3))
    'm3sda:orders=3'
    """

    paper: ClassVar[str] = "arXiv:1812.01754"
    positive: ClassVar[tuple[str, ...]] = (*AdaptingMethod.positive, "orders")

    weight: float = 0.1
    orders: int = 2
    """Moments that are matched, from the first on."""

    def objective(self, model: Model, domains: Domains, run: Run) -> Objective:
        """The moment distance of the sources that have items in the batch."""
        from transferkit.ops.domain_losses.moment_distance import moment_distance
        from transferkit.training.adaptation import Objective

        def loss(both: Both) -> Tensor:
            each = [both.source.features[both.origin == i] for i in range(len(domains.sources))]
            sources = [features for features in each if len(features) > 1] or [both.source.features]
            return moment_distance(sources, both.target.features, self.orders)

        return Objective(loss)
