"""UnpairedMethod: a mapping between two clouds of rows that nothing pairs. Imports nothing heavy."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from transferkit.core.method import Needs
from transferkit.training.mapping_method import MappingMethod

if TYPE_CHECKING:
    import numpy as np

    from transferkit.core.run import Run
    from transferkit.ops.mappings.space_map import SpaceMap
    from transferkit.training.two_spaces import TwoSpaces


@dataclass(frozen=True, kw_only=True)
class UnpairedMethod(MappingMethod, ABC):
    """A map between two clouds of rows, which labels may help. A subclass gives `from_clouds`."""

    needs: ClassVar[Needs] = replace(MappingMethod.needs, target_labels=False)

    @abstractmethod
    def from_clouds(
        self,
        x: np.ndarray,
        y: np.ndarray,
        x_labels: tuple[Any, ...] | None,
        y_labels: tuple[Any, ...] | None,
        run: Run,
    ) -> SpaceMap:
        """The map from x (n, d) to y (m, k); labels of classes, None for a row's where it is not known, or None for
        all."""

    def carry(self, spaces: TwoSpaces, run: Run) -> SpaceMap:
        if not self.looks_at_labels(spaces):
            return self.from_clouds(spaces.source, spaces.target, None, None, run)
        known = (*spaces.target_labels, *(None,) * (len(spaces.target) - len(spaces.target_labels)))
        return self.from_clouds(spaces.source, spaces.target, spaces.source_labels, known, run)

    def looks_at_labels(self, spaces: TwoSpaces) -> bool:
        return spaces.task.balances and len(spaces.target_labels) > 0
