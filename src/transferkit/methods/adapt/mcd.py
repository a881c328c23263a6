"""MCD: features on which two classifiers that agree on the source agree on the target too.

Saito, Watanabe, Ushiku & Harada 2018, arXiv:1712.02560, eq. 2-5. The classifiers raise their discrepancy on the target, the
features lower it. Differs: both in one step through a reversed gradient (the `one_step` of the released code), not in three;
the first classifier alone predicts. Target labels, where there are some, are used too.
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
class MCD(AdaptingMethod):
    """Train two classifiers on the source and features on which they do not contradict each other on the target.

    Where target items lie near the borders between classes. Needs a source that both classifiers learn well.

    >>> str(MCD(weight=0.5))
    'mcd:weight=0.5'
    """

    paper: ClassVar[str] = "arXiv:1712.02560"
    positive: ClassVar[tuple[str, ...]] = (*AdaptingMethod.positive, "hidden")
    of_classes: ClassVar[bool] = True

    hidden: int = 128
    """Width of the second classifier's hidden layer: one unlike the first, so that they have something to differ in."""

    def objective(self, model: Model, domains: Domains, run: Run) -> Objective:
        """The second classifier's loss, less the discrepancy of both on the target with its gradient reversed."""
        from transferkit.ops.domain_losses.classifier_discrepancy import classifier_discrepancy
        from transferkit.ops.domain_losses.gradient_reversal import reversed_gradient
        from transferkit.training.adaptation import Objective
        from transferkit.training.class_labels import n_classes
        from transferkit.training.discriminator import second_head

        second = second_head(model.network.feature_dim, n_classes(domains.task, self), run, self.hidden)

        def loss(both: Both) -> Tensor:
            of_labels = both.of_labels(second(both.source.features))
            features = reversed_gradient(both.target.features)
            apart = classifier_discrepancy(model.outputs(features), second(features))
            return of_labels - both.strength * apart

        return Objective(loss, (second,), scaled=False)
