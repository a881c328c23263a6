"""Full: fine-tune the whole network, its head initialised by the linear probe (LP-FT).

Kumar, Raghunathan, Jones, Ma & Liang 2022, arXiv:2202.10054: a random head distorts good features before it has learned
to read them; a probed one does not. Layer-wise rates: Howard & Ruder 2018, arXiv:1801.06146. Differs: both at once, and
BatchNorm keeps the statistics of the source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from transferkit.core.method import Needs, check_sources
from transferkit.training.gradient_method import GradientMethod

if TYPE_CHECKING:
    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target


@dataclass(frozen=True, kw_only=True)
class Full(GradientMethod):
    """Move every weight a little, the early stages least. Best where there are some labels and the source is near.

    With a handful of labels a linear probe is often as good at a hundredth of the cost.

    >>> str(Full(moving_stages=1, augmentation="photos"))
    'full:augmentation=photos,moving_stages=1'
    """

    needs: ClassVar[Needs] = Needs(models=(1, 1))
    paper: ClassVar[str] = "arXiv:2202.10054"
    tried_on: ClassVar[Literal["every", "promising", "named"]] = "promising"
    tunes: ClassVar[dict[str, tuple[Any, ...]]] = {"learning_rate": (5e-4, 1e-4, 2e-3)}

    layer_decay: float = 0.8
    probe_first: bool = True
    """False: a random head, plain fine-tuning."""
    moving_stages: int | None = None
    """How many of the last stages move; None: all. The stages before are run once and cached."""

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """Probe, then train."""
        from transferkit.training.body import Body
        from transferkit.training.fine_tuning import fine_tune
        from transferkit.training.probe import probe_head

        check_sources(self, sources)
        body = Body.pretrained(sources[0], target)
        head = probe_head(body, target, "ridge", run) if self.probe_first and target.task.needs_features else None
        return fine_tune(body, head, target, self.recipe(len(target.train)), run, self.moving_stages)
