"""DANN: features from which no discriminator tells the domains.

Ganin & Lempitsky 2015, arXiv:1409.7495; Ganin et al. 2016, arXiv:1505.07818, eq. 9: a discriminator learns to tell source from
target, and the network, behind a reversed gradient of strength lambda, to have it fail. Differs: the discriminator normalises
each item's hidden values. Target labels, where there are some, are used too.
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
class DANN(AdaptingMethod):
    """Train on the source while a discriminator of domains is fooled.

    Where inputs look quite different and the classes are shared, in about the same shares. Seeds vary; may collapse.

    >>> str(DANN(weight=0.5))
    'dann:weight=0.5'
    """

    paper: ClassVar[str] = "arXiv:1505.07818"
    positive: ClassVar[tuple[str, ...]] = (*AdaptingMethod.positive, "hidden")

    hidden: int = 256
    """Width of the discriminator's two hidden layers."""

    def objective(self, model: Model, domains: Domains, run: Run) -> Objective:
        """The discriminator's loss, with its gradient to the features reversed."""
        from transferkit.ops.domain_losses.domain_confusion import domain_confusion
        from transferkit.ops.domain_losses.gradient_reversal import reversed_gradient
        from transferkit.training.adaptation import Objective
        from transferkit.training.discriminator import discriminator, logits_of

        judge = discriminator(model.network.feature_dim, run, self.hidden)

        def loss(both: Both) -> Tensor:
            sides = (reversed_gradient(side.features, both.strength) for side in (both.source, both.target))
            source, target = (logits_of(judge, side) for side in sides)
            return domain_confusion(source, target)

        return Objective(loss, (judge,), scaled=False)
