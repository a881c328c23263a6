"""NormTuning: only the normalisation layers move - their scales, their shifts, and their running statistics.

Frankle, Schwab & Morcos 2021, arXiv:2003.00152 (scales and shifts of BatchNorm alone); statistics of the target in place of the
source's: Li, Wang, Shi, Liu & Hou 2016, arXiv:1603.04779 (AdaBN). Any layer counts that normalises: batch, layer, group,
instance, root mean square. Differs: the statistics move along in training, as a running mean, and not in one pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from transferkit.core.errors import WrongUse
from transferkit.training.tuning_method import TuningMethod

if TYPE_CHECKING:
    from torch import nn

    from transferkit.core.run import Run
    from transferkit.core.target import Target
    from transferkit.training.body import Body
    from transferkit.training.loop import Addition
    from transferkit.training.model import Model


@dataclass(frozen=True, kw_only=True)
class NormTuning(TuningMethod):
    """Move scales and shifts of the normalisation layers, and let BatchNorm learn the target's statistics.

    Where the target is the same thing seen otherwise: another camera, another scanner, another microphone.

    >>> str(NormTuning(keep_statistics=True))
    'norm_tuning:keep_statistics=true'
    """

    paper: ClassVar[str] = "arXiv:2003.00152"
    tunes: ClassVar[dict[str, tuple[Any, ...]]] = {"learning_rate": (2e-3, 5e-4, 1e-2)}
    follows_network: ClassVar[tuple[str, ...]] = ()

    learning_rate: float = 2e-3
    layer_decay: float = 1.0
    keep_statistics: bool = False
    """True: BatchNorm keeps the source's running mean and variance."""

    def addition(self, model: Model, body: Body, target: Target, run: Run) -> Addition:
        """Which parameters belong to a layer that normalises."""
        from transferkit.training.loop import Addition

        of_norms = {id(p) for module in model.network.modules() if normalises(module) for p in module.parameters(False)}
        if not of_norms:
            kind = model.network.architecture.kind
            raise WrongUse(
                f"method {self.name} moves normalisation layers, and this {kind} has none with weights; use bitfit instead"
            )
        return Addition(moves=lambda name, parameter: id(parameter) in of_norms)


def normalises(module: nn.Module) -> bool:
    """Whether a layer is there to normalise; libraries name theirs so.

    >>> from torch import nn
    >>> [normalises(layer) for layer in (nn.BatchNorm2d(2), nn.LayerNorm(2), nn.RMSNorm(2), nn.Linear(2, 2))]
    [True, True, True, False]
    """
    return "Norm" in type(module).__name__
