"""Full: fine-tune the whole network, its head initialised by the linear probe (LP-FT).

Kumar, Raghunathan, Jones, Ma & Liang 2022, arXiv:2202.10054: a random head distorts good features before it has learned
to read them; a probed one does not. Layer-wise rates: Howard & Ruder 2018, arXiv:1801.06146. Differs: both at once, and
BatchNorm keeps the statistics of the source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from transferkit.training.tuning_method import TuningMethod

if TYPE_CHECKING:
    from transferkit.core.run import Run
    from transferkit.core.target import Target
    from transferkit.training.body import Body
    from transferkit.training.loop import Addition
    from transferkit.training.model import Model


@dataclass(frozen=True, kw_only=True)
class Full(TuningMethod):
    """Move every weight a little, the early stages least. Best where there are some labels and the source is near.

    With a handful of labels a linear probe is often as good at a hundredth of the cost.

    >>> str(Full(moving_stages=1, augmentation="photos"))
    'full:augmentation=photos,moving_stages=1'
    """

    paper: ClassVar[str] = "arXiv:2202.10054"
    tried_on: ClassVar[Literal["every", "promising", "named"]] = "promising"

    def addition(self, model: Model, body: Body, target: Target, run: Run) -> Addition:
        """Nothing."""
        from transferkit.training.loop import Addition

        return Addition()
