"""GradientMethod: what every method that trains a network by gradient steps is set by. Imports nothing heavy."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from transferkit.core.method import Method
from transferkit.training.schedule import epochs_for, resized_stop, steps_for

if TYPE_CHECKING:
    from transferkit.core.predictor import FitRecord
    from transferkit.training.loop import Recipe


@dataclass(frozen=True, kw_only=True)
class GradientMethod(Method, ABC):
    """A method with a schedule of gradient steps. A subclass gives `fit`, and defaults of its own where they differ."""

    positive: ClassVar[tuple[str, ...]] = ("learning_rate", "layer_decay", "epochs", "stop_after", "batch_size")

    learning_rate: float = 5e-4
    layer_decay: float = 1.0
    """Each stage's rate as a share of the next one's; 1: all alike."""
    epochs: int | None = None
    """None: as many as give about 400 steps, within 12 to 120."""
    stop_after: int | None = None
    """Epochs of the schedule that are run; None: until validation stops getting better."""
    batch_size: int = 16
    weight_decay: float = 0.01
    keep_statistics: bool = True
    """BatchNorm keeps the source's running mean and variance."""
    balance: bool = True
    """Weigh items so that every class counts alike in the loss."""
    augmentation: Literal["auto", "photos", "glyphs", "none"] = "auto"
    """auto, photos, glyphs or none; none where stages are cached."""

    def recipe(self, n_items: int, **changes: Any) -> Recipe:
        """How to train on so many items."""
        from transferkit.training.loop import Recipe

        epochs = self.epochs or epochs_for(n_items, self.batch_size)
        recipe = Recipe(
            epochs=epochs,
            stop_after=self.stop_after,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            layer_decay=self.layer_decay,
            weight_decay=self.weight_decay,
            patience=max(10, epochs // 4),
            keep_statistics=self.keep_statistics,
            balance=self.balance,
            augmentation=self.augmentation,
        )
        return replace(recipe, **changes)

    def steps(self, n_items: int) -> int:
        """Of the whole schedule, or of the epochs that are run."""
        return steps_for(n_items, self.batch_size, self.epochs, self.stop_after)

    def resized(self, n_fitted: int, n_items: int) -> Self:
        """The same share of the schedule."""
        stop = resized_stop(self.stop_after, self.epochs, self.batch_size, n_fitted, n_items)
        return replace(self, stop_after=stop)

    def refit(self, record: FitRecord) -> Self:
        """As long as validation found best."""
        return replace(self, stop_after=record.best_epoch)
