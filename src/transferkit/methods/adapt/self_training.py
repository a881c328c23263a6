"""Self-training: what the model is sure of in target items as they are, it must say of strongly changed ones too.

Sohn et al. 2020, arXiv:2001.07685 (FixMatch), eq. 3-4, with the source for the labelled set:

    L_domain = mean_i [max p_i >= threshold] * cross-entropy(p(strongly changed x_i), argmax p_i)

p_i without gradient, of the weakly changed x_i. Differs: lambda rises; items whose kind has no strong change (texts, rows) are
told apart by dropout alone. Target labels, where there are some, are used too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from transferkit.core.errors import WrongUse
from transferkit.training.adapting_method import AdaptingMethod

if TYPE_CHECKING:
    from torch import Tensor

    from transferkit.core.run import Run
    from transferkit.training.adaptation import Both, Objective
    from transferkit.training.domains import Domains
    from transferkit.training.model import Model


@dataclass(frozen=True, kw_only=True)
class SelfTraining(AdaptingMethod):
    """Train on the source and on the target's own confident predictions, made to hold for changed copies too.

    Strong where the source model is right on much of the target, on pictures above all. It amplifies what it gets wrong.

    >>> str(SelfTraining(threshold=0.8))
    'self_training:threshold=0.8'
    """

    paper: ClassVar[str] = "arXiv:2001.07685"
    of_classes: ClassVar[bool] = True

    threshold: float = 0.95
    """Probability from which a prediction is taken for a label."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.threshold < 1:
            raise WrongUse(f"{self.name}:threshold={self.threshold} must be at least 0 and below 1")

    def objective(self, model: Model, domains: Domains, run: Run) -> Objective:
        """Cross-entropy of strongly changed items against confident predictions."""
        import torch
        from torch.nn import functional

        from transferkit.ops.augment_strongly import augment_strongly
        from transferkit.training.adaptation import Objective
        from transferkit.training.augmentation import resolved
        from transferkit.training.target_batches import through

        noise = run.generator("strong")

        def loss(both: Both) -> Tensor:
            confidence, labels = both.target.outputs.detach().softmax(dim=1).max(dim=1)
            changes = resolved(self.augmentation, both.target.plain, model.processor.modality)
            strong = augment_strongly(both.target.plain, changes, noise)
            _, outputs = through(model, strong, both.precision, run.device)
            each = functional.cross_entropy(outputs, labels, reduction="none")
            return torch.where(confidence >= self.threshold, each, 0.0).mean()

        return Objective(loss)
