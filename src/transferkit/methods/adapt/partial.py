"""Partial: adversarial adaptation where the target has only some of the source's classes (PADA).

Cao, Ma, Long & Wang 2018, arXiv:1808.04205, eq. 3-5: as DANN, with each source item counting by the weight of its class, in
the discriminator's loss and in the classifier's. A class weighs what the target's predictions give it on average, divided by
the largest; weights are taken anew each epoch. Target labels, where there are some, are used too.
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

MOST_ITEMS = 2000
"""Of the target, that classes are weighed by."""


@dataclass(frozen=True, kw_only=True)
class Partial(AdaptingMethod):
    """Train on the source while a discriminator of domains is fooled, and classes the target does not show fade out.

    Where the source has many classes and the target a part of them. With all classes shared use dann or cdan.

    >>> str(Partial(weight=0.5))
    'partial:weight=0.5'
    """

    paper: ClassVar[str] = "arXiv:1808.04205"
    positive: ClassVar[tuple[str, ...]] = (*AdaptingMethod.positive, "hidden")
    of_classes: ClassVar[bool] = True

    hidden: int = 256
    """Width of the discriminator's two hidden layers."""

    def objective(self, model: Model, domains: Domains, run: Run) -> Objective:
        """The weighed losses of classifier and discriminator."""
        import torch

        from transferkit.ops.domain_losses.domain_confusion import domain_confusion
        from transferkit.ops.domain_losses.gradient_reversal import reversed_gradient
        from transferkit.training.adaptation import Objective
        from transferkit.training.class_labels import n_classes
        from transferkit.training.discriminator import discriminator, logits_of
        from transferkit.training.inputs import Inputs
        from transferkit.training.source_stage import features_and_probabilities

        judge = discriminator(model.network.feature_dim, run, self.hidden)
        items = domains.unlabelled
        looked_at = Inputs(items.take(range(0, len(items), -(-len(items) // MOST_ITEMS))), model.processor)
        weights = torch.ones(n_classes(domains.task, self), device=run.device)

        def begin_epoch(epoch: int) -> None:
            nonlocal weights
            if epoch > 1:  # before the first, predictions say nothing of the target
                shares = features_and_probabilities(model, looked_at, run)[1].mean(dim=0)
                weights = (shares / shares.max()).to(run.device)

        def loss(both: Both) -> Tensor:
            of_items = weights[both.targets]
            of_items = of_items / of_items.mean().clamp_min(1e-6)  # (n,) of mean 1
            sides = (reversed_gradient(side.features, both.strength) for side in (both.source, both.target))
            source, target = (logits_of(judge, side) for side in sides)
            return both.of_labels(both.source.outputs, of_items) + domain_confusion(source, target, of_items)

        return Objective(loss, (judge,), scaled=False, of_labels=False, begin_epoch=begin_epoch)
