"""L2SP: fine-tuning held to its starting point.

Li, Grandvalet & Davoine 2018, arXiv:1802.01483, eq. 2: with w the network's weights, w0 the source's and v the head's,

    L = L_task + alpha / 2 |w - w0|^2 + beta / 2 |v - v0|^2

Ordinary weight decay pulls towards 0, where nothing has been learned; it is off here. Differs: v0 is the linear probe the head
starts as, and 0, as in the paper, only for a random head; AdamW in place of SGD, so that the pull is scaled with the gradient
it is part of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from transferkit.training.tuning_method import TuningMethod

if TYPE_CHECKING:
    from torch import Tensor

    from transferkit.core.run import Run
    from transferkit.core.target import Target
    from transferkit.training.body import Body
    from transferkit.training.loop import Addition
    from transferkit.training.losses import Step
    from transferkit.training.model import Model


@dataclass(frozen=True, kw_only=True)
class L2SP(TuningMethod):
    """Let every weight move, and pull it back to where the source had it.

    With few labels and a near source. Where the target is unlike the source the starting point is no good place to be held to.

    >>> str(L2SP(alpha=1.0))
    'l2_sp:alpha=1.0'
    """

    paper: ClassVar[str] = "arXiv:1802.01483"
    not_negative: ClassVar[tuple[str, ...]] = (*TuningMethod.not_negative, "alpha", "beta")

    weight_decay: float = 0.0
    alpha: float = 0.1
    """Pull of the network's weights to the source's."""
    beta: float = 0.01
    """Pull of the head's weights to the linear probe; of a random head's to 0."""

    def addition(self, model: Model, body: Body, target: Target, run: Run) -> Addition:
        """The pull, as a penalty."""
        from transferkit.training.loop import Addition
        from transferkit.training.starting_point import StartingPoint

        network = model.network
        stages = network.stages[self.first_moving(network) :]
        body_start = StartingPoint(weight for name in stages for weight in network.stage(name).parameters())
        head_start = StartingPoint(model.head.parameters(), at_zero=not self.probe_first)

        def pull(step: Step) -> Tensor:
            return self.alpha / 2 * body_start.squared_distance() + self.beta / 2 * head_start.squared_distance()

        return Addition(penalty=pull)
