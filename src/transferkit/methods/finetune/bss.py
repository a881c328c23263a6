"""BSS: batch spectral shrinkage - fine-tuning that unlearns the source's weakest directions.

Chen, Wang, Fu, Long & Wang 2019, "Catastrophic Forgetting Meets Negative Transfer", NeurIPS, eq. 5-6: with the singular values
s_1 >= s_2 >= ... of a batch's features F (n, d),

    L = L_task + strength * sum of the k smallest s_i^2

Directions that carry little of a batch transfer badly; shrunk away, they do no harm. Exact, also in its gradient, by one SVD
of an (n, d) table a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from transferkit.core.method import Needs
from transferkit.training.tuning_method import TuningMethod

if TYPE_CHECKING:
    from torch import Tensor

    from transferkit.core.network import State
    from transferkit.core.run import Run
    from transferkit.core.target import Target
    from transferkit.training.body import Body
    from transferkit.training.loop import Addition
    from transferkit.training.model import Model


@dataclass(frozen=True, kw_only=True)
class BSS(TuningMethod):
    """Fine-tune, and shrink the directions of the features that hold least of each batch.

    With few labels and a source that is not quite near, where its weak features would mislead. No cost worth naming.

    >>> str(BSS(k=2))
    'bss:k=2'
    """

    needs: ClassVar[Needs] = Needs(models=(1, 1), features=True)
    paper: ClassVar[str] = "NeurIPS 2019"
    positive: ClassVar[tuple[str, ...]] = (*TuningMethod.positive, "k")
    not_negative: ClassVar[tuple[str, ...]] = (
        *TuningMethod.not_negative,
        "strength",
    )

    strength: float = 1e-3
    k: int = 1
    """How many of the smallest singular values are shrunk."""

    def addition(self, model: Model, body: Body, target: Target, run: Run) -> Addition:
        """The spectral penalty."""
        from transferkit.training.loop import Addition

        return Addition(penalty=lambda step: self.strength * weakest(step.features, self.k))


def weakest(features: State, k: int) -> Tensor:
    """Sum of the k smallest squared singular values of features (n, d)."""
    import torch

    values: Tensor = torch.linalg.svdvals(features)  # in descending order
    return values.square()[-k:].sum()
