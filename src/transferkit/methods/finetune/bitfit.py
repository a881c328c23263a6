"""BitFit: only the biases move, and the head.

Ben Zaken, Goldberg & Ravfogel 2022, arXiv:2106.10199. A bias is every parameter of that name, those of normalisation layers
included. Differs: the probed head, and a higher rate, for biases alone need one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from transferkit.core.errors import WrongUse
from transferkit.training.tuning_method import TuningMethod

if TYPE_CHECKING:
    from transferkit.core.run import Run
    from transferkit.core.target import Target
    from transferkit.training.body import Body
    from transferkit.training.loop import Addition
    from transferkit.training.model import Model


@dataclass(frozen=True, kw_only=True)
class BitFit(TuningMethod):
    """Move the biases alone: a thousandth of the weights, hard to overfit, quick to store.

    With few labels and a near source; where features have to change, not only to shift, it falls behind.

    >>> str(BitFit(learning_rate=0.01))
    'bitfit:learning_rate=0.01'
    """

    paper: ClassVar[str] = "arXiv:2106.10199"
    tunes: ClassVar[dict[str, tuple[Any, ...]]] = {"learning_rate": (2e-3, 5e-4, 1e-2)}
    follows_network: ClassVar[tuple[str, ...]] = ()

    learning_rate: float = 2e-3
    layer_decay: float = 1.0

    def addition(self, model: Model, body: Body, target: Target, run: Run) -> Addition:
        """Which parameters are biases."""
        from transferkit.training.loop import Addition

        if not any(is_bias(name) for name, _ in model.network.named_parameters()):
            kind = model.network.architecture.kind
            raise WrongUse(f"method {self.name} moves biases, and {kind} has none; use lora or full instead")
        return Addition(moves=lambda name, parameter: is_bias(name))


def is_bias(name: str) -> bool:
    """Whether a parameter of this name is a bias.

    >>> is_bias("body.block1.norm1.bias"), is_bias("body.block1.biased.weight")
    (True, False)
    """
    return name.rpartition(".")[2].startswith("bias") or name.endswith("_bias")
