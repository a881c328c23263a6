"""Scratch: the same architecture from a fresh initialisation, trained on the target alone. What transfer is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from transferkit.core.method import Needs, check_sources
from transferkit.training.gradient_method import GradientMethod

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target


@dataclass(frozen=True, kw_only=True)
class Scratch(GradientMethod):
    """Train a new network on the target. A model given as source lends its architecture and input size, not its weights.

    A source whose weights cannot be trained lends nothing: the default network of the target's modality is trained then.

    The baseline of every study. On its own it is the right choice where labels are plenty or no source is near.

    >>> str(Scratch(epochs=20))
    'scratch:epochs=20'
    """

    needs: ClassVar[Needs] = Needs(models=(0, 1), moves_weights=False)
    is_baseline: ClassVar[bool] = True
    tunes: ClassVar[dict[str, tuple[Any, ...]]] = {"learning_rate": (4e-3, 1e-3, 1e-2)}
    follows_network: ClassVar[tuple[str, ...]] = ("learning_rate",)

    learning_rate: float = 4e-3
    weight_decay: float = 0.05
    keep_statistics: bool = False
    """True: BatchNorm keeps the running mean and variance it starts with; only for networks that have learned them."""

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """Weights drawn from `run.seed`, then the same loop as every other method."""
        from transferkit.training.body import Body
        from transferkit.training.default_bodies import default_body
        from transferkit.training.fine_tuning import fine_tune

        check_sources(self, sources)
        seed = run.derived_seed("initialisation")
        if sources and not sources[0].card().frozen:
            lent = Body.pretrained(sources[0], target)
            body = Body.fresh(lent.architecture, lent.processor, seed)
        else:
            body = default_body(target, seed)
        return fine_tune(body, None, target, self.recipe(len(target.train)), run)
