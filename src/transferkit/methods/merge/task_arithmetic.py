"""TaskArithmetic: what several fine-tunings of one network have changed is added to it.

Ilharco, Ribeiro, Wortsman, Gururangan, Schmidt, Hajishirzi & Farhadi 2023, arXiv:2212.04089: w = w0 + scale sum_i (w_i - w0).
Differs: the target has classes of its own, so the merged network is read by a linear probe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from transferkit.core.method import Method, Needs, check_sources

if TYPE_CHECKING:
    from torch import Tensor

    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target


@dataclass(frozen=True, kw_only=True)
class TaskArithmetic(Method):
    """Add what several networks have learned to the one they all come from. Name that one first.

    Where there are fine-tuned networks of one base, each of which knows a part of the target. Networks that were trained apart
    share no start, and adding them destroys both.

    >>> str(TaskArithmetic(scale=0.3))
    'task_arithmetic:scale=0.3'
    """

    needs: ClassVar[Needs] = Needs(models=(2, 8), features=True, together=True)
    paper: ClassVar[str] = "arXiv:2212.04089"
    deterministic: ClassVar[bool] = True
    tunes: ClassVar[dict[str, tuple[Any, ...]]] = {"scale": (0.5, 0.2, 1.0)}
    positive: ClassVar[tuple[str, ...]] = ("scale",)

    scale: float = 0.5
    """How far along the sum; 1 / (number of fine-tuned networks) is their plain average."""
    solver: Literal["ridge", "logistic"] = "ridge"
    """Of the probe."""

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """Merge, then probe."""
        from transferkit.ops import merging
        from transferkit.training.merged import merged_body
        from transferkit.training.probe import probe

        check_sources(self, sources)

        def rule(vectors: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
            return merging.summed(vectors)

        merged = merged_body(sources, target, rule, self.scale, f"{self.name} {self.scale}")
        predictor = probe(merged.body, target, self.solver, run)
        predictor.record = replace(predictor.record, notes=(*merged.notes, *predictor.record.notes))
        return predictor
