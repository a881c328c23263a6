"""AdapterMethod: what the methods share that train low-rank adapters in place of the weights. Imports nothing heavy."""

from __future__ import annotations

from abc import ABC
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
class AdapterMethod(TuningMethod, ABC):
    """Adapters of one kind, trained with the head and merged into the weights at the end."""

    tunes: ClassVar[dict[str, tuple[Any, ...]]] = {"learning_rate": (2e-3, 5e-4, 1e-2)}
    positive: ClassVar[tuple[str, ...]] = (*TuningMethod.positive, "rank", "scale")
    follows_network: ClassVar[tuple[str, ...]] = ()
    decomposed: ClassVar[bool] = False
    """True where the length of each output's weights is trained apart from their direction."""

    learning_rate: float = 2e-3
    layer_decay: float = 1.0
    rank: int = 8
    scale: int = 16
    """The change is multiplied by scale / rank."""

    def addition(self, model: Model, body: Body, target: Target, run: Run) -> Addition:
        """Puts the adapters in; at the end they are merged."""
        from transferkit.training.adapters import adapt, is_adapter
        from transferkit.training.loop import Addition

        network, seed = model.network, run.derived_seed("adapters")
        merge = adapt(network, self.first_moving(network), self.rank, self.scale, self.decomposed, seed)
        if merge is None and self.moving_stages != 0:
            raise WrongUse(
                f"method {self.name} adapts linear layers, embeddings and convolutions; {network.architecture.kind} has "
                "none of them; use full instead"
            )
        return Addition(moves=is_adapter, end=merge)
