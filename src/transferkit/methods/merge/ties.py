"""TIES: task vectors are trimmed, agree on a sign, and only then are averaged.

Yadav, Tam, Choshen, Raffel & Bansal 2023, arXiv:2306.01708, Alg. 1. Differs: the target has classes of its own, so the merged
network is read by a linear probe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from transferkit.core.errors import WrongUse
from transferkit.core.method import Method, Needs, check_sources

if TYPE_CHECKING:
    from torch import Tensor

    from transferkit.core.predictor import Predictor
    from transferkit.core.run import Run
    from transferkit.core.source import Source
    from transferkit.core.target import Target


@dataclass(frozen=True, kw_only=True)
class TIES(Method):
    """Merge fine-tuned networks of one base without letting them cancel each other out. Name the base first.

    Where `task_arithmetic` loses because the networks pull some weights in opposite directions. Networks that were trained
    apart share no start, and cannot be merged this way either.

    >>> str(TIES(density=0.5))
    'ties:density=0.5'
    """

    needs: ClassVar[Needs] = Needs(models=(2, 8), features=True, together=True)
    paper: ClassVar[str] = "arXiv:2306.01708"
    deterministic: ClassVar[bool] = True
    tunes: ClassVar[dict[str, tuple[Any, ...]]] = {"scale": (1.0, 0.5)}
    positive: ClassVar[tuple[str, ...]] = ("density", "scale")

    density: float = 0.2
    """Share of each network's changes that is kept, the largest."""
    scale: float = 1.0
    """How far along the merged change."""
    solver: Literal["ridge", "logistic"] = "ridge"
    """Of the probe."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.density > 1:
            raise WrongUse(f"{self.name}:density={self.density} is a share; it must be at most 1")

    def fit(self, sources: tuple[Source, ...], target: Target, run: Run) -> Predictor:
        """Merge, then probe."""
        from transferkit.ops import merging
        from transferkit.training.merged import merged_body
        from transferkit.training.probe import probe

        check_sources(self, sources)

        def rule(vectors: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
            return merging.elected(vectors, self.density)

        merged = merged_body(sources, target, rule, self.scale, f"{self.name} {self.density} {self.scale}")
        predictor = probe(merged.body, target, self.solver, run)
        predictor.record = replace(predictor.record, notes=(*merged.notes, *predictor.record.notes))
        return predictor
