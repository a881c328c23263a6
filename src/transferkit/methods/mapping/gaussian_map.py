"""Gaussian map: principal axes of the source laid on those of the target, without pairs.

Delon, Desolneux & Salmona 2022. See `ops/mappings/gaussian.py`. Differs: the signs, which covariances do not tell,
are taken from labels, else from skewness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from transferkit.training.unpaired_method import UnpairedMethod

if TYPE_CHECKING:
    import numpy as np

    from transferkit.core.run import Run
    from transferkit.ops.mappings.space_map import SpaceMap


@dataclass(frozen=True, kw_only=True)
class GaussianMap(UnpairedMethod):
    """Carry knowledge to other features by their covariances alone. Use where both see the same kind of things, in
    the same shares.

    Axes of about the same variance may be confused: a guess then, which the target's labels have to confirm.

    >>> str(GaussianMap(n_components=5))
    'gaussian_map:n_components=5'
    """

    paper: ClassVar[str] = "arXiv:2104.07970"
    positive: ClassVar[tuple[str, ...]] = ("n_components",)

    n_components: int | None = None
    """Axes that are mapped; None: all that both have."""

    def from_clouds(
        self,
        x: np.ndarray,
        y: np.ndarray,
        x_labels: tuple[Any, ...] | None,
        y_labels: tuple[Any, ...] | None,
        run: Run,
    ) -> SpaceMap:
        from transferkit.ops.mappings.gaussian import principal_axes_map

        return principal_axes_map(x, y, x_labels, y_labels, self.n_components)
