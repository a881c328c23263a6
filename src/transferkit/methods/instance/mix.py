"""MIX: the forests of SER and of STRUT as one.

Segev, Harel, Mannor, Crammer & El-Yaniv 2017, arXiv:1511.01258, section 4.3; see `ops/trees/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from transferkit.training.transferred_forest import ForestMethod

if TYPE_CHECKING:
    import numpy as np

    from transferkit.ops.trees.tree import Tree


@dataclass(frozen=True, kw_only=True)
class Mix(ForestMethod):
    """Every tree of the source twice, refined and with its thresholds moved. Use for tables where one does not know
    what changed.

    With hardly any target label both are mostly chance; `source_prior` keeps nearer to the source.

    >>> str(Mix(trees=20))
    'mix:trees=20'
    """

    def changed(self, tree: Tree, items: np.ndarray, labels: np.ndarray, seed: int) -> list[Tree]:
        from transferkit.ops.trees.refined import refined
        from transferkit.ops.trees.transferred import transferred

        return [refined(tree, items, labels, seed=seed, max_features="sqrt"), transferred(tree, items, labels)]
