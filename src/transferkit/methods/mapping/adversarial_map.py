"""Adversarial map: the source's features turned so that a network cannot tell them from the target's, then refined by
neighbours.

Conneau, Lample et al. 2018 (MUSE). See `ops/mappings/adversarial.py`. Differs: starts from the principal axes; looks
at no label.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from transferkit.training.unpaired_method import UnpairedMethod

if TYPE_CHECKING:
    import numpy as np

    from transferkit.core.run import Run
    from transferkit.ops.mappings.space_map import SpaceMap
    from transferkit.training.two_spaces import TwoSpaces


@dataclass(frozen=True, kw_only=True)
class AdversarialMap(UnpairedMethod):
    """Carry knowledge to other features without pairs or labels, by a game of two networks. Use with hundreds of
    items on both sides.

    It may settle on a wrong rotation; the target's labels then say that the source is of no use.

    >>> str(AdversarialMap(source_share=0.3))
    'adversarial_map:source_share=0.3'
    """

    paper: ClassVar[str] = "arXiv:1710.04087"

    def from_clouds(
        self,
        x: np.ndarray,
        y: np.ndarray,
        x_labels: tuple[Any, ...] | None,
        y_labels: tuple[Any, ...] | None,
        run: Run,
    ) -> SpaceMap:
        from transferkit.ops.mappings.adversarial import adversarial

        return adversarial(x, y, run.derived_seed("adversary"))

    def looks_at_labels(self, spaces: TwoSpaces) -> bool:
        return False
