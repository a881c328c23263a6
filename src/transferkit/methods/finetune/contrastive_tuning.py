"""ContrastiveTuning: fine-tuning that also pulls the features of a class towards one direction, and those of classes apart.

Learning from the labels and from a contrast between items at once: Gunel, Du, Conneau & Stoyanov 2021, arXiv:2011.01403. The
contrast is the regression of cosines of Sentence-BERT (Reimers & Gurevych 2019, arXiv:1908.10084), which SetFit trains text
encoders by (Tunstall et al. 2022, arXiv:2209.11055): with c_ij the cosine of the features of two items of a batch,

    L = L_task + strength * (mean over pairs of one class of (1 - c_ij)^2 + mean over pairs of two classes of c_ij^2) / 2

in which a pair weighs what its items weigh, multiplied. Differs from SetFit: every pair of a batch counts, 120 of 16 items
where theirs holds 8 of as many; and the head learns along instead of afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from transferkit.core.method import Needs
from transferkit.training.class_labels import n_classes
from transferkit.training.tuning_method import TuningMethod

if TYPE_CHECKING:
    from torch import Tensor

    from transferkit.core.run import Run
    from transferkit.core.target import Target
    from transferkit.training.body import Body
    from transferkit.training.loop import Addition
    from transferkit.training.losses import Step
    from transferkit.training.model import Model


SHORTEST = 1e-6
"""Features no longer than this point nowhere: their direction would turn with every rounding."""
LIGHTEST = 1e-30
"""Where there is no pair the sum of their weights is this instead of 0."""


@dataclass(frozen=True, kw_only=True)
class ContrastiveTuning(TuningMethod):
    """Fine-tune so that features of a class point one way, and those of two classes stand at right angles.

    For texts with tens of labels a class: each pair of items teaches something, and there are many more pairs than items.
    No cost worth naming. Only as many classes as the features have dimensions can stand at right angles.

    >>> str(ContrastiveTuning(strength=2.0))
    'contrastive_tuning:strength=2.0'
    """

    needs: ClassVar[Needs] = Needs(models=(1, 1), features=True)
    paper: ClassVar[str] = "arXiv:2011.01403"
    not_negative: ClassVar[tuple[str, ...]] = (
        *TuningMethod.not_negative,
        "strength",
    )

    strength: float = 1.0

    def addition(self, model: Model, body: Body, target: Target, run: Run) -> Addition:
        """The contrast of a batch's pairs."""
        from transferkit.training.loop import Addition

        n_classes(target.task, self)

        def contrast(step: Step) -> Tensor:
            return self.strength * of_pairs(cast("Tensor", step.features), step.targets, step.weights)

        return Addition(penalty=contrast)


def of_pairs(features: Tensor, labels: Tensor, weights: Tensor | None = None) -> Tensor:
    """How far the cosines of features (n, d) are from 1 within a class and from 0 between classes; labels (n,), weights (n,).

    Half the mean squared distance within plus half that between; 0 for a half without pairs. The cosine with features that are
    all 0 counts as 0, and does not move them.

    >>> import torch
    >>> of_pairs(torch.tensor([[1.0, 0.0], [0.0, 2.0], [0.0, 1.0]]), torch.tensor([0, 0, 1]))
    tensor(0.7500)
    """
    import torch

    lengths = torch.linalg.vector_norm(features, dim=1, keepdim=True)  # (n, 1)
    directions = torch.where(lengths > SHORTEST, features / lengths.clamp_min(SHORTEST), 0.0)
    one, other = torch.triu_indices(len(labels), len(labels), offset=1, device=features.device)
    cosines = (directions @ directions.T)[one, other]
    same = labels[one] == labels[other]
    weight = torch.ones_like(cosines) if weights is None else weights[one] * weights[other]
    halves = [
        (weight[pairs] * (wanted - cosines[pairs]).square()).sum() / weight[pairs].sum().clamp_min(LIGHTEST)
        for pairs, wanted in ((same, 1.0), (~same, 0.0))
    ]
    return (halves[0] + halves[1]) / 2
