"""SpaceMap: a fitted f from one feature space to another, and what was chosen on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from transferkit.ops.feature_maps.affine import Affine
from transferkit.ops.feature_maps.contract import FeatureMap


@dataclass(frozen=True, eq=False)
class SpaceMap:
    """Call it: features (n, d) of the first space -> (n, k) of the second.

    >>> SpaceMap((Affine(np.array([[2.0]]), np.array([1.0])),))(np.array([[3.0]]))
    array([[7.]])
    """

    maps: tuple[FeatureMap, ...]
    """One after the other; each can be written down."""
    chosen: Mapping[str, float] = field(default_factory=dict)
    """What the fit settled on, by name: {"penalty": 0.1, "left_out_error": 0.3}."""
    notes: tuple[str, ...] = ()
    """Lines a person should read."""

    def __call__(self, features: np.ndarray) -> np.ndarray:
        rows = np.asarray(features, dtype=np.float64)
        for one in self.maps:
            rows = one(rows)
        return rows

    @property
    def matrix(self) -> np.ndarray:
        """(d, k) of a map that is linear; TypeError for one that is not."""
        return self._affine().matrix

    @property
    def offset(self) -> np.ndarray:
        """(k,) of a map that is linear; TypeError for one that is not."""
        return self._affine().offset

    def _affine(self) -> Affine:
        if len(self.maps) != 1 or not isinstance(self.maps[0], Affine):
            raise TypeError(f"a map of {', '.join(one.kind for one in self.maps)} has no matrix")
        return self.maps[0]


def linear(
    matrix: np.ndarray,
    centre: np.ndarray,
    target_centre: np.ndarray,
    chosen: Mapping[str, float] | None = None,
    notes: tuple[str, ...] = (),
) -> SpaceMap:
    """f(x) = target_centre + (x - centre) matrix, for matrix (d, k), centre (d,), target_centre (k,)."""
    return SpaceMap((Affine(matrix, target_centre - centre @ matrix),), chosen or {}, notes)
