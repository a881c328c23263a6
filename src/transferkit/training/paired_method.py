"""PairedMethod: a mapping that is learned from pairs of rows, or from the means of classes. Imports nothing heavy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from transferkit.core.errors import WrongUse
from transferkit.training.mapping_method import MappingMethod

if TYPE_CHECKING:
    from transferkit.core.run import Run
    from transferkit.ops.mappings.space_map import SpaceMap
    from transferkit.training.two_spaces import TwoSpaces

LEAST_PAIRS = 8


@dataclass(frozen=True, kw_only=True)
class PairedMethod(MappingMethod, ABC):
    """A map that is learned from pairs of rows. A subclass gives `from_pairs`."""

    trusted: ClassVar[bool] = True

    learn_from: Literal["auto", "pairs", "classes"] = "auto"
    """pairs: items of source and target in the same group (--group-column), and items that both hold; classes: each
    source item with the mean of its class in the target; auto: pairs where there are eight or more, else classes."""

    @abstractmethod
    def from_pairs(self, x: np.ndarray, y: np.ndarray, weights: np.ndarray, run: Run) -> SpaceMap:
        """The map from x (n, d) to y (n, k), row i of one belonging to row i of the other; weights (n,) of mean 1."""

    def carry(self, spaces: TwoSpaces, run: Run) -> SpaceMap:
        from transferkit.ops.mappings.pairs import class_pairs

        if not self.looks_at_labels(spaces):
            assert spaces.pairs is not None  # then there would be labels to look at
            return self.from_pairs(*spaces.pairs, np.ones(len(spaces.pairs[0])), run)
        if self.learn_from == "pairs" or not spaces.task.balances:
            n_pairs = 0 if spaces.pairs is None else len(spaces.pairs[0])
            raise WrongUse(
                f"method {self.name} needs {LEAST_PAIRS} pairs and found {n_pairs}; name with --group-column a "
                "column that says in source and target which items belong together, or use a method without pairs, such as "
                "wasserstein_procrustes"
            )
        labelled = spaces.target[: len(spaces.target_labels)]
        try:
            pairs = class_pairs(spaces.source, spaces.source_labels, labelled, spaces.target_labels)
        except ValueError as reason:
            raise WrongUse(f"method {self.name} has no pairs, and learns from class means: {reason}") from None
        return self.from_pairs(*pairs, run)

    def _linked(self, spaces: TwoSpaces) -> dict[str, Any]:
        if spaces.pairs is None or self.looks_at_labels(spaces):
            return {"learned_from": "classes"}
        return {"learned_from": "pairs", "pairs": len(spaces.pairs[0])}

    def looks_at_labels(self, spaces: TwoSpaces) -> bool:
        enough = spaces.pairs is not None and len(spaces.pairs[0]) >= LEAST_PAIRS
        return self.learn_from == "classes" or not enough
