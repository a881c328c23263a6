"""CDAN: features from which, given the predicted classes, no discriminator tells the domains.

Long, Cao, Wang & Jordan 2018, arXiv:1705.10667, eq. 8 (CDAN+E): as DANN, with a discriminator that sees the multilinear map of
features and class probabilities, and with items that are sure of their class counting more. As in the released code the
probabilities get no gradient. Differs: the discriminator normalises each item's hidden values. Target labels, where there are
some, are used too.
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
class CDAN(AdaptingMethod):
    """Train on the source while a discriminator is fooled that sees features and predicted classes together.

    Where several classes must be aligned each with its own; usually better than DANN. Not where the classes differ.

    >>> str(CDAN(entropy=False))
    'cdan:entropy=false'
    """

    paper: ClassVar[str] = "arXiv:1705.10667"
    tried_on: ClassVar[Literal["every", "promising", "named"]] = "promising"
    positive: ClassVar[tuple[str, ...]] = (*AdaptingMethod.positive, "hidden", "most")
    of_classes: ClassVar[bool] = True

    hidden: int = 256
    """Width of the discriminator's two hidden layers."""
    entropy: bool = True
    """Items that are sure of their class count more."""
    most: int = 4096
    """Numbers of the product of features and classes beyond which a random map of this width takes its place."""

    def objective(self, model: Model, domains: Domains, run: Run) -> Objective:
        """The discriminator's loss on the multilinear map, with its gradient reversed."""
        import torch

        from transferkit.ops.domain_losses.domain_confusion import domain_confusion
        from transferkit.ops.domain_losses.gradient_reversal import reversed_gradient
        from transferkit.ops.domain_losses.multilinear_map import entropy_weights, multilinear_map
        from transferkit.training.adaptation import Objective
        from transferkit.training.class_labels import n_classes
        from transferkit.training.discriminator import discriminator, logits_of

        classes = n_classes(domains.task, self)
        width, joint = multilinear_map(model.network.feature_dim, classes, run.generator("map"), self.most)
        judge = discriminator(width, run, self.hidden)

        def loss(both: Both) -> Tensor:
            sides = (both.source, both.target)
            probabilities = [side.outputs.detach().softmax(dim=1) for side in sides]
            maps = [joint(side.features, given) for side, given in zip(sides, probabilities, strict=True)]
            source, target = (logits_of(judge, reversed_gradient(values, both.strength)) for values in maps)
            if not self.entropy:
                return domain_confusion(source, target)
            weights = entropy_weights(torch.cat(probabilities))  # (n + m,)
            return domain_confusion(source, target, weights[: len(source)], weights[len(source) :])

        return Objective(loss, (judge,), scaled=False)
