"""Narrow: spaces of very many columns by their leading principal axes, so that a map between two such costs little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from transferkit.ops.feature_maps.affine import Affine

WIDE = 512
"""Columns up to which a space stays as it is."""
MOST_AXES = 256
"""Of a wider one; where its rows are fewer they span no more, and nothing is lost."""


@dataclass(frozen=True, eq=False)
class Narrow:
    """Leading principal axes of a space, and the way there and back."""

    centre: np.ndarray
    """(d,)"""
    axes: np.ndarray
    """(d, r), orthonormal columns."""

    @classmethod
    def of(cls, rows: np.ndarray) -> Narrow | None:
        """Those of rows (n, d); None where d is small enough as it is.

        >>> Narrow.of(np.eye(3)) is None
        True
        """
        if rows.shape[1] <= WIDE:
            return None
        centre = rows.mean(axis=0)
        _, lengths, axes = np.linalg.svd(rows - centre, full_matrices=False)
        kept = max(1, int((lengths[:MOST_AXES] > 1e-9 * max(float(lengths[0]), 1e-300)).sum()))
        return cls(centre, axes[:kept].T)

    @property
    def there(self) -> Affine:
        """(n, d) -> (n, r)"""
        return Affine(self.axes, -self.centre @ self.axes)

    @property
    def back(self) -> Affine:
        """(n, r) -> (n, d)"""
        return Affine(self.axes.T, self.centre)
