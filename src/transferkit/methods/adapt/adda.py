"""ADDA: a second network for the target, begun at the source's, whose features a discriminator takes for the source's.

Tzeng, Hoffman, Saenko & Darrell 2017, arXiv:1702.05464, eq. 9: network and classifier are learned on the source; then, both of
them frozen, a copy of the network learns on target items to have the discriminator fail, by the loss of inverted labels:

    L_D = - mean_s log D(f_s) - mean_t log(1 - D(f_t)),    L_f = - mean_t log D(f_t)

Differs: the discriminator normalises each item's hidden values. Target labels, where there are some, are learned from in the
first stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from transferkit.training.adapting_method import DomainMethod

if TYPE_CHECKING:
    from torch import Tensor

    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.training.domains import Domains
    from transferkit.training.inputs import Inputs
    from transferkit.training.loop import Addition
    from transferkit.training.losses import Step
    from transferkit.training.model import Model


@dataclass(frozen=True, kw_only=True)
class ADDA(DomainMethod):
    """Learn the source, then a network of the target's own whose features look like the source's.

    Where the domains need different features for the same classes. Nothing holds classes in place: short trainings only.

    >>> str(ADDA(target_rate=0.1))
    'adda:target_rate=0.1'
    """

    paper: ClassVar[str] = "arXiv:1702.05464"
    positive: ClassVar[tuple[str, ...]] = (*DomainMethod.positive, "target_rate", "hidden")

    target_rate: float = 0.05
    """Share of the learning rate at which the target's network moves; the discriminator's is the whole."""
    hidden: int = 256
    """Width of the discriminator's two hidden layers."""

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """Two trainings, of half the time each where time is short."""
        from dataclasses import replace

        from transferkit.training.source_stage import first_part, learn_source, learn_target

        domains, body = self.read(sources, target, run)
        learned = learn_source(self, domains, body, first_part(run))
        recipe = self.recipe_for(body, len(domains.unlabelled), patience=None, label_smoothing=0.0, balance="none")
        recipe = replace(recipe, learning_rate=self.target_rate * recipe.learning_rate)

        def add(model: Model, inputs: Inputs) -> Addition:
            return self._addition(model, domains, run)

        return learn_target(learned, domains, recipe, run, add, self.name)

    def _addition(self, model: Model, domains: Domains, run: Run) -> Addition:
        import copy
        from dataclasses import replace

        import torch
        from torch.func import functional_call

        from transferkit.ops.domain_losses.domain_confusion import domain_confusion
        from transferkit.training.discriminator import discriminator, logits_of
        from transferkit.training.loop import Addition
        from transferkit.training.target_batches import TargetBatches

        before = replace(model, network=copy.deepcopy(model.network).requires_grad_(False))
        before.eval()
        items = TargetBatches(before, domains.labelled, self.batch_size, self.augmentation, run, purpose="source")
        judge = discriminator(model.network.feature_dim, run, self.hidden)

        def begin_epoch(epoch: int) -> None:
            model.head.requires_grad_(False)

        def penalty(step: Step) -> Tensor:
            with torch.no_grad():
                source = items.side(step).features
            target: Tensor = step.features  # type: ignore[assignment]
            of_judge = domain_confusion(logits_of(judge, source), logits_of(judge, target.detach()))
            frozen = {name: weight.detach() for name, weight in judge.named_parameters()}
            taken_for_target = functional_call(judge, frozen, (target,))[:, 0]
            return 2 * of_judge + torch.nn.functional.softplus(-taken_for_target).mean()

        return Addition(penalty=penalty, modules=(judge,), begin_epoch=begin_epoch)
