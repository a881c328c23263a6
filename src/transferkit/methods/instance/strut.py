"""STRUT: a forest of the source, each threshold set anew for the target's labels.

Segev, Harel, Mannor, Crammer & El-Yaniv 2017, arXiv:1511.01258, algorithm 2; see `ops/trees/transferred.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transferkit.training.transferred_forest import ForestMethod

if TYPE_CHECKING:
    import numpy as np

    from transferkit.ops.trees.tree import Tree


@dataclass(frozen=True, kw_only=True)
class STRUT(ForestMethod):
    """Move the source's thresholds to where the target's labels change. Use for tables in another unit, scale or instrument.

    Where the target asks for other splits altogether, `ser`; where one does not know, `mix`.

    >>> str(STRUT(trees=20))
    'strut:trees=20'
    """

    def changed(self, tree: Tree, items: np.ndarray, labels: np.ndarray, seed: int) -> list[Tree]:
        from transferkit.ops.trees.transferred import transferred

        return [transferred(tree, items, labels)]
