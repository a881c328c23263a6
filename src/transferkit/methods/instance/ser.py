"""SER: a forest of the source, each tree grown where the target's labels need more and cut where they need less.

Segev, Harel, Mannor, Crammer & El-Yaniv 2017, arXiv:1511.01258, algorithm 1; see `ops/trees/refined.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transferkit.training.transferred_forest import ForestMethod

if TYPE_CHECKING:
    import numpy as np

    from transferkit.ops.trees.tree import Tree


@dataclass(frozen=True, kw_only=True)
class SER(ForestMethod):
    """Refine the source's trees on the target's labels. Use for tables where the target splits finer or coarser than
    the source.

    Where its thresholds moved as a whole, `strut`; where one does not know, `mix`.

    >>> str(SER(trees=20))
    'ser:trees=20'
    """

    def changed(self, tree: Tree, items: np.ndarray, labels: np.ndarray, seed: int) -> list[Tree]:
        from transferkit.ops.trees.refined import refined

        return [refined(tree, items, labels, seed=seed, max_features="sqrt")]
