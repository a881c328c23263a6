"""Scratch: the same architecture from a fresh initialisation, trained on the target alone. What transfer is compared with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from transferkit.core.method import Method, Needs, check_sources

if TYPE_CHECKING:
    from transferkit.core.predictor import FitRecord, Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target


@dataclass(frozen=True, kw_only=True)
class Scratch(Method):
    """Train a new network on the target. A model given as source lends its architecture and input size, not its weights.

    The baseline of every study. On its own it is the right choice where labels are plenty or no source is near.

    >>> str(Scratch(epochs=20))
    'scratch:epochs=20'
    """

    needs: ClassVar[Needs] = Needs(models=(0, 1))
    is_baseline: ClassVar[bool] = True
    tunes: ClassVar[dict[str, tuple[Any, ...]]] = {"learning_rate": (4e-3, 1e-3, 1e-2)}

    positive: ClassVar[tuple[str, ...]] = ("learning_rate", "epochs", "stop_after", "batch_size")

    learning_rate: float = 4e-3
    epochs: int | None = None
    """None: as many as give about 400 steps, within 12 to 120."""
    stop_after: int | None = None
    """Epochs of the schedule that are run; None: until validation stops getting better."""
    batch_size: int = 16
    weight_decay: float = 0.05
    balance: bool = True
    augmentation: Literal["auto", "photos", "glyphs", "none"] = "auto"

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """Weights drawn from `run.seed`, then the same loop as every other method."""
        from transferkit.training.body import Body
        from transferkit.training.default_network import default_body
        from transferkit.training.fine_tuning import fine_tune
        from transferkit.training.loop import Recipe
        from transferkit.training.schedule import epochs_for

        check_sources(self, sources)
        seed = run.derived_seed("initialisation")
        if sources:
            lent = Body.pretrained(sources[0])
            body = Body.fresh(lent.architecture, lent.processor, seed)
        else:
            body = default_body(target, seed)
        epochs = self.epochs or epochs_for(len(target.train), self.batch_size)
        recipe = Recipe(
            epochs=epochs,
            stop_after=self.stop_after,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            patience=max(10, epochs // 4),
            balance=self.balance,
            augmentation=self.augmentation,
        )
        return fine_tune(body, None, target, recipe, run)

    def steps(self, n_items: int) -> int:
        """Of the whole schedule, or of the epochs that are run."""
        from transferkit.training.schedule import steps_for

        return steps_for(n_items, self.batch_size, self.epochs, self.stop_after)

    def resized(self, n_fitted: int, n_items: int) -> Scratch:
        """The same share of the schedule."""
        from transferkit.training.schedule import resized_stop

        stop = resized_stop(self.stop_after, self.epochs, self.batch_size, n_fitted, n_items)
        return replace(self, stop_after=stop)

    def refit(self, record: FitRecord) -> Scratch:
        """As long as validation found best."""
        return replace(self, stop_after=record.best_epoch)
