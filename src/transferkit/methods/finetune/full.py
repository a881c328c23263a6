"""Full: fine-tune the whole network, its head initialised by the linear probe (LP-FT).

Kumar, Raghunathan, Jones, Ma & Liang 2022, arXiv:2202.10054: a random head distorts good features before it has learned
to read them; a probed one does not. Layer-wise rates: Howard & Ruder 2018, arXiv:1801.06146. Differs: both at once, and
BatchNorm keeps the statistics of the source.
"""

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
class Full(Method):
    """Move every weight a little, the early stages least. Best where there are some labels and the source is near.

    With a handful of labels a linear probe is often as good at a hundredth of the cost.

    >>> str(Full(moving_stages=1, augmentation="photos"))
    'full:moving_stages=1,augmentation=photos'
    """

    needs: ClassVar[Needs] = Needs(models=(1, 1))
    paper: ClassVar[str] = "arXiv:2202.10054"
    tried_on: ClassVar[Literal["every", "promising", "named"]] = "promising"
    tunes: ClassVar[dict[str, tuple[Any, ...]]] = {"learning_rate": (5e-4, 1e-4, 2e-3)}

    positive: ClassVar[tuple[str, ...]] = ("learning_rate", "layer_decay", "epochs", "stop_after", "batch_size")

    learning_rate: float = 5e-4
    layer_decay: float = 0.8
    """Each stage's rate as a share of the next one's."""
    probe_first: bool = True
    """False: a random head, plain fine-tuning."""
    moving_stages: int | None = None
    """How many of the last stages move; None: all. The stages before are run once and cached."""
    keep_statistics: bool = True
    """BatchNorm keeps the source's running mean and variance."""
    epochs: int | None = None
    """None: as many as give about 400 steps, within 12 to 120."""
    stop_after: int | None = None
    """Epochs of the schedule that are run; None: until validation stops getting better."""
    batch_size: int = 16
    weight_decay: float = 0.01
    balance: bool = True
    augmentation: Literal["auto", "photos", "glyphs", "none"] = "auto"
    """auto, photos, glyphs or none; none where stages are cached."""

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """Probe, then train."""
        from transferkit.training.body import Body
        from transferkit.training.fine_tuning import fine_tune
        from transferkit.training.loop import Recipe
        from transferkit.training.probe import probe_head
        from transferkit.training.schedule import epochs_for

        check_sources(self, sources)
        body = Body.pretrained(sources[0])
        head = probe_head(body, target, "ridge", run) if self.probe_first and target.task.needs_features else None
        epochs = self.epochs or epochs_for(len(target.train), self.batch_size)
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
        return fine_tune(body, head, target, recipe, run, self.moving_stages)

    def steps(self, n_items: int) -> int:
        """Of the whole schedule, or of the epochs that are run."""
        from transferkit.training.schedule import steps_for

        return steps_for(n_items, self.batch_size, self.epochs, self.stop_after)

    def resized(self, n_fitted: int, n_items: int) -> Full:
        """The same share of the schedule."""
        from transferkit.training.schedule import resized_stop

        stop = resized_stop(self.stop_after, self.epochs, self.batch_size, n_fitted, n_items)
        return replace(self, stop_after=stop)

    def refit(self, record: FitRecord) -> Full:
        """As long as validation found best."""
        return replace(self, stop_after=record.best_epoch)
