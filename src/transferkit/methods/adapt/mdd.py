"""MDD: features on which no second classifier can agree with the first on the source and contradict it on the target.

Zhang, Liu, Long & Jordan 2019, arXiv:1904.05801, eq. 29-30, behind a reversed gradient of strength lambda. As in the released
code the first classifier gets no gradient from it. Target labels, where there are some, are used too.
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
class MDD(AdaptingMethod):
    """Train on the source while the margin by which another classifier could contradict the first on the target shrinks.

    The one with a bound for several classes; strong where domains are far apart and the training is long.

    >>> str(MDD(gamma=2.0))
    'mdd:gamma=2.0'
    """

    paper: ClassVar[str] = "arXiv:1904.05801"
    positive: ClassVar[tuple[str, ...]] = (*AdaptingMethod.positive, "gamma", "hidden")
    of_classes: ClassVar[bool] = True

    weight: float = 0.1
    """Of the reversed gradient; the second classifier learns at full strength."""
    gamma: float = 4.0
    """What agreement on the source counts beside contradiction on the target; the exponential of the paper's margin."""
    hidden: int = 256
    """Width of the second classifier's hidden layer."""

    def objective(self, model: Model, domains: Domains, run: Run) -> Objective:
        """Minus the margin disparity, whose gradient to the features is reversed."""
        from transferkit.ops.domain_losses.gradient_reversal import reversed_gradient
        from transferkit.ops.domain_losses.margin_disparity import margin_disparity
        from transferkit.training.adaptation import Objective
        from transferkit.training.class_labels import n_classes
        from transferkit.training.discriminator import second_head

        second = second_head(model.network.feature_dim, n_classes(domains.task, self), run, self.hidden)

        def loss(both: Both) -> Tensor:
            source, target = both.source, both.target
            on_source, on_target = (second(reversed_gradient(s.features, both.strength)) for s in (source, target))
            return -margin_disparity(source.outputs, on_source, target.outputs, on_target, self.gamma, both.weights)

        return Objective(loss, (second,), scaled=False)
