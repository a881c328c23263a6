"""GradientMethod: what every method that trains a network by gradient steps is set by. Imports nothing heavy."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from transferkit.core.errors import WrongUse
from transferkit.core.method import Method
from transferkit.training.schedule import epochs_for, resized_stop, steps_for

if TYPE_CHECKING:
    from transferkit.core.predictor import FitRecord
    from transferkit.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class GradientMethod(Method, ABC):
    """A method with a schedule of gradient steps. A subclass gives `fit`, and defaults of its own where they differ."""

    positive: ClassVar[tuple[str, ...]] = ("learning_rate", "layer_decay", "epochs", "stop_after", "batch_size")
    not_negative: ClassVar[tuple[str, ...]] = ("weight_decay",)
    follows_network: ClassVar[tuple[str, ...]] = ()
    """Settings left at their default which a study sets as the network's architecture has them; see `planner/usual.py`."""

    learning_rate: float = 5e-4
    layer_decay: float = 1.0
    """Each stage's rate as a share of the next one's; 1: all alike."""
    epochs: int | None = None
    """None: as many as the schedule says."""
    schedule: Literal["long", "short"] = "long"
    """long: about 400 steps within 12 to 120 epochs; short: about 50 within 3 to 10, which is enough for large attention
    networks that were pretrained on much."""
    stop_after: int | None = None
    """Epochs of the schedule that are run; None: until validation stops getting better."""
    batch_size: int = 16
    weight_decay: float = 0.01
    keep_statistics: bool = True
    """BatchNorm keeps the source's running mean and variance."""
    balance: Literal["weights", "sampling", "logits", "none"] = "weights"
    """How rare classes are made to count as much as frequent ones: in the loss, by drawing them more often, by adjusted
    logits, or not at all."""
    thresholds: Literal["as_trained", "tuned"] = "as_trained"
    """tuned: what each class needs to be chosen is set on validation, for the task's metric."""
    offsets: str = ""
    """Added to the logits of the classes in turn, as in 0.5/-0.2; what tuned thresholds come to."""
    augmentation: Literal["auto", "photos", "glyphs", "sounds", "none"] = "auto"
    """auto, photos and glyphs (pictures), sounds, or none; none where stages are cached."""
    label_smoothing: float = 0.0
    """Share of each label that is spread over all classes, such as 0.1."""
    mixup: float = 0.0
    """Mix items in pairs, in shares drawn from Beta(mixup, mixup), such as 0.2; 0: none."""
    cutmix: float = 0.0
    """Lay rectangles of one picture into another, in shares drawn from Beta(cutmix, cutmix), such as 1; 0: none."""
    ema: float = 0.0
    """Judge and keep the moving average of the weights, with this decay, such as 0.99; 0: the weights themselves."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """What matrix products are computed in while training; auto: bfloat16 where it pays. Weights are float32 in any case."""
    sam: float = 0.0
    """Sharpness-aware minimisation within this radius, such as 0.05, at twice the cost; 0: off."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("label_smoothing", "ema"):
            if not 0 <= getattr(self, name) < 1:
                raise WrongUse(f"{self.name}:{name}={getattr(self, name)} must be at least 0 and below 1")
        for name in ("mixup", "cutmix", "sam"):
            if not getattr(self, name) >= 0:
                raise WrongUse(f"{self.name}:{name}={getattr(self, name)} must be at least 0")

    def recipe(self, n_items: int, **changes: Any) -> Recipe:
        """How to train on so many items."""
        from transferkit.training.recipe import Recipe
        from transferkit.training.thresholds import read as read_offsets

        epochs = self.epochs or epochs_for(n_items, self.batch_size, self.schedule)
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
            tune_thresholds=self.thresholds == "tuned",
            offsets=read_offsets(self.offsets),
            label_smoothing=self.label_smoothing,
            mixup=self.mixup,
            cutmix=self.cutmix,
            ema=self.ema,
            precision=self.precision,
            sam=self.sam,
        )
        return replace(recipe, **changes)

    def steps(self, n_items: int) -> int:
        """Of the whole schedule, or of the epochs that are run."""
        return steps_for(n_items, self.batch_size, self.epochs, self.stop_after, self.schedule)

    def resized(self, n_fitted: int, n_items: int) -> Self:
        """The same share of the schedule."""
        if self.stop_after is None:
            return self
        sizes = (n_fitted, n_items)
        stop = resized_stop(self.stop_after, self.epochs, self.batch_size, sizes, self.schedule)
        return replace(self, stop_after=stop)

    def refit(self, record: FitRecord) -> Self:
        """As long as validation found best, with the thresholds it found."""
        found = record.settings.get("offsets", self.offsets)
        return replace(self, stop_after=record.best_epoch, thresholds="as_trained", offsets=found)
