"""TuningMethod: what every method shares that trains on from one source's weights. Imports nothing heavy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from transferkit.core.errors import WrongUse
from transferkit.core.method import Needs, check_sources
from transferkit.training.gradient_method import GradientMethod

if TYPE_CHECKING:
    from transferkit.core.network import Network
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target
    from transferkit.training.body import Body
    from transferkit.training.loop import Addition
    from transferkit.training.model import Model


@dataclass(frozen=True, kw_only=True)
class TuningMethod(GradientMethod, ABC):
    """Fine-tuning with something of its own: a subclass says in `addition` what it adds to the loop."""

    needs: ClassVar[Needs] = Needs(models=(1, 1))
    tunes: ClassVar[dict[str, tuple[Any, ...]]] = {"learning_rate": (5e-4, 1e-4, 2e-3)}

    follows_network: ClassVar[tuple[str, ...]] = ("learning_rate", "layer_decay", "schedule")

    layer_decay: float = 0.8
    """Each stage's rate as a share of the next one's, so that early ones move least; 1: all alike."""
    probe_first: bool = True
    """The head starts as the linear probe (LP-FT, arXiv:2202.10054); False: a random head."""
    moving_stages: int | None = None
    """How many of the last stages may move; None: all. The stages before are run once and cached."""

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """Probe, then train with what the method adds."""
        from transferkit.training.body import Body
        from transferkit.training.fine_tuning import fine_tune
        from transferkit.training.probe import probe_head

        check_sources(self, sources)
        if self.needs.features and not target.task.needs_features:
            raise WrongUse(f"method {self.name} works on one feature vector an item; task {target.task.name} has none")
        body = Body.pretrained(sources[0], target)
        head = probe_head(body, target, "ridge", run) if self.probe_first and target.task.needs_features else None

        def add(model: Model) -> Addition:
            return self.addition(model, body, target, run)

        return fine_tune(body, head, target, self.recipe(len(target.train)), run, self.moving_stages, add)

    @abstractmethod
    def addition(self, model: Model, body: Body, target: Target, run: Run) -> Addition:
        """What is added to the loop for this model, which still has the source's weights; it may be changed.

        Raises one line where the source has not what the method builds on.
        """

    def first_moving(self, network: Network) -> int:
        """Position of the first stage that may move."""
        return 0 if self.moving_stages is None else max(0, len(network.stages) - self.moving_stages)
