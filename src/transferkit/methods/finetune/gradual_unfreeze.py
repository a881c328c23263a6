"""GradualUnfreeze: first the last stage moves, then one more after another, until all do.

Howard & Ruder 2018, arXiv:1801.06146, section 3.3. In epoch e of E, with n stages, there move the last

    min(n, 1 + floor((e - 1) n / (until E)))

stages. Differs: the paper thaws a layer each epoch, which is `until` = n / E; a schedule here has 12 to 120 epochs, whatever
the number of stages. Rates by layer (`layer_decay`) are the paper's, its slanted triangle is this loop's warm-up and cosine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from transferkit.training.tuning_method import TuningMethod

if TYPE_CHECKING:
    from transferkit.core.run import Run
    from transferkit.core.target import Target
    from transferkit.training.body import Body
    from transferkit.training.loop import Addition
    from transferkit.training.model import Model


@dataclass(frozen=True, kw_only=True)
class GradualUnfreeze(TuningMethod):
    """Thaw the network from its last stage to its first, so that early ones move only once the late ones have settled.

    Where full fine-tuning forgets: deep networks, few labels, text above all. It costs no more than full fine-tuning.

    >>> str(GradualUnfreeze(until=0.8))
    'gradual_unfreeze:until=0.8'
    """

    paper: ClassVar[str] = "arXiv:1801.06146"
    positive: ClassVar[tuple[str, ...]] = (*TuningMethod.positive, "until")

    until: float = 0.5
    """Share of the schedule after which every stage moves."""

    def addition(self, model: Model, body: Body, target: Target, run: Run) -> Addition:
        """Sets, before each epoch, which stages get gradients."""
        from transferkit.training.loop import Addition

        network, epochs = model.network, self.recipe(len(target.train)).epochs
        stages = network.stages[self.first_moving(network) :]

        def thaw(epoch: int) -> None:
            n_frozen = len(stages) - moving(epoch, epochs, len(stages), self.until)
            for place, name in enumerate(stages):
                network.stage(name).requires_grad_(place >= n_frozen)

        return Addition(begin_epoch=thaw)


def moving(epoch: int, epochs: int, n_stages: int, until: float) -> int:
    """How many of the last stages move in an epoch, counted from 1.

    >>> [moving(epoch, 10, 4, until=0.5) for epoch in range(1, 8)]
    [1, 1, 2, 3, 4, 4, 4]
    """
    return min(n_stages, 1 + int((epoch - 1) * n_stages / (until * epochs)))
