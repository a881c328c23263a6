"""SHOT: a network learned on the source goes on alone: its classifier stays, its features adapt to unlabelled target items.

Liang, Hu & Feng 2020, arXiv:2002.08546, eq. 2-6: with the classifier frozen, on target items

    L = mean H(p) - H(mean p) + pseudo_weight * cross-entropy against pseudo-labels

and pseudo-labels anew each epoch: class centres of the features by the model's probabilities, the nearest centre by cosine,
then centres and labels once more. The source is needed for the first stage only. Differs: AdamW at a fixed share of steps;
the target's labels, where there are some, are learned from in the first stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

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
class SHOT(DomainMethod):
    """Learn the source, then adapt to the target without the source's data at hand.

    Where the source's data may not travel, and one of the strongest where they may. Takes the target's classes to be about
    even; not where most of the first predictions are wrong.

    >>> str(SHOT(pseudo_weight=0.1))
    'shot:pseudo_weight=0.1'
    """

    paper: ClassVar[str] = "arXiv:2002.08546"
    tried_on: ClassVar[Literal["every", "promising", "named"]] = "promising"
    not_negative: ClassVar[tuple[str, ...]] = (*DomainMethod.not_negative, "pseudo_weight", "diversity")
    positive: ClassVar[tuple[str, ...]] = (*DomainMethod.positive, "target_rate")
    of_classes: ClassVar[bool] = True

    label_smoothing: float = 0.1
    """Of the first stage, as in the paper."""
    target_rate: float = 0.25
    """Share of the learning rate in the second stage."""
    pseudo_weight: float = 0.3
    """What pseudo-labels count beside the information."""
    diversity: float = 1.0
    """What H(mean p) counts; less where the target's classes are far from even."""

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """Two trainings, of half the time each where time is short."""
        from transferkit.training.adaptation import at_share
        from transferkit.training.source_stage import first_part, learn_source, learn_target

        domains, body = self.read(sources, target, run)
        learned = learn_source(self, domains, body, first_part(run))
        recipe = self.recipe_for(body, len(domains.unlabelled), patience=None, label_smoothing=0.0, balance="none")

        def add(model: Model, inputs: Inputs) -> Addition:
            return self._addition(model, inputs, run)

        return learn_target(learned, domains, at_share(recipe, self.target_rate), run, add, self.name)

    def _addition(self, model: Model, inputs: Inputs, run: Run) -> Addition:
        import torch

        from transferkit.ops.domain_losses.information import diversity, mean_entropy, pseudo_labels
        from transferkit.training.loop import Addition
        from transferkit.training.source_stage import features_and_probabilities

        labels = torch.zeros(0, dtype=torch.long)

        def begin_epoch(epoch: int) -> None:
            nonlocal labels
            model.head.requires_grad_(False)
            labels = pseudo_labels(*features_and_probabilities(model, inputs, run))

        def penalty(step: Step) -> Tensor:
            wanted = labels[step.chosen].to(step.outputs.device)
            information = mean_entropy(step.outputs) - self.diversity * diversity(step.outputs)
            return information + self.pseudo_weight * torch.nn.functional.cross_entropy(step.outputs, wanted)

        return Addition(penalty=penalty, begin_epoch=begin_epoch)
