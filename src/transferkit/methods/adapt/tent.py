"""Tent: at test time the scales and shifts of normalisation layers move until target predictions are sure.

Wang, Shelhamer, Liu, Olshausen & Darrell 2021, arXiv:2006.10726: minimise the mean entropy of the predictions over the affine
parameters of normalisation layers, whose statistics are the target's. Differs: on the target's open items beforehand, in some
steps, and not while predicting, so that an item's prediction does not depend on what else is asked; where a network has no
BatchNorm its other normalisation layers are moved. Target labels, where there are some, are learned from in the first stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from transferkit.core.errors import WrongUse
from transferkit.training.adapting_method import DomainMethod

if TYPE_CHECKING:
    from torch import Tensor

    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.training.inputs import Inputs
    from transferkit.training.loop import Addition
    from transferkit.training.losses import Step
    from transferkit.training.model import Model


@dataclass(frozen=True, kw_only=True)
class Tent(DomainMethod):
    """Learn the source, then adapt a handful of parameters to the target by the entropy of its predictions.

    Cheap, for shifts that look like noise, blur or light. With many steps it may collapse into few classes.

    >>> str(Tent(target_steps=50))
    'tent:target_steps=50'
    """

    paper: ClassVar[str] = "arXiv:2006.10726"
    positive: ClassVar[tuple[str, ...]] = (*DomainMethod.positive, "target_rate", "target_steps")
    of_classes: ClassVar[bool] = True

    target_rate: float = 0.5
    """Share of the learning rate in the second stage."""
    target_steps: int = 100
    """Steps of the second stage, about."""

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """The source's training, then a short one of the normalisation layers."""
        from transferkit.training.adaptation import at_share
        from transferkit.training.source_stage import first_part, learn_source, learn_target, normalisers

        domains, body = self.read(sources, target, run)
        learned = learn_source(self, domains, body, first_part(run, share=0.8))
        if not normalisers(learned.model.network):
            raise WrongUse(
                f"method tent moves normalisation layers, and {body.architecture.kind} has none; use shot or mcc instead"
            )
        n_items = len(domains.unlabelled)
        recipe = self.recipe_for(body, n_items, patience=None, label_smoothing=0.0, balance="none")
        in_epoch = max(1, -(-(recipe.epoch_items or n_items) // self.batch_size))
        epochs = self.epochs or max(1, round(self.target_steps / in_epoch))

        def add(model: Model, inputs: Inputs) -> Addition:
            from transferkit.ops.domain_losses.information import mean_entropy
            from transferkit.training.loop import Addition

            moving = {id(p) for layer in normalisers(model.network) for p in layer.parameters()}

            def begin_epoch(epoch: int) -> None:
                model.head.requires_grad_(False)

            def penalty(step: Step) -> Tensor:
                return mean_entropy(step.outputs)

            return Addition(penalty=penalty, moves=lambda _, p: id(p) in moving, begin_epoch=begin_epoch)

        recipe = at_share(recipe, self.target_rate, epochs=epochs, stop_after=None)
        return learn_target(learned, domains, recipe, run, add, self.name)
