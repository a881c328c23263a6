"""SpaceMapper: a map from one feature space to another, in scikit-learn's transformer habit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, validate_data

from transferkit.core.errors import unknown_name
from transferkit.ops.mappings.adversarial import adversarial
from transferkit.ops.mappings.attention import attention
from transferkit.ops.mappings.cca import cca
from transferkit.ops.mappings.gaussian import gaussian_transport, principal_axes_map
from transferkit.ops.mappings.kernel_ridge import kernel_ridge
from transferkit.ops.mappings.least_squares import least_squares
from transferkit.ops.mappings.least_squares_by_steps import random_batches
from transferkit.ops.mappings.procrustes import procrustes
from transferkit.ops.mappings.small_network import small_network
from transferkit.ops.mappings.space_map import SpaceMap
from transferkit.ops.mappings.wasserstein_procrustes import wasserstein_procrustes

PAIRED: dict[str, Callable[..., SpaceMap]] = {
    "attention": attention,
    "cca": cca,
    "kernel_ridge": kernel_ridge,
    "least_squares": least_squares,
    "least_squares_by_steps": random_batches,
    "procrustes": procrustes,
    "small_network": small_network,
}
UNPAIRED: dict[str, Callable[..., SpaceMap]] = {
    "adversarial": adversarial,
    "gaussian_transport": gaussian_transport,
    "principal_axes": principal_axes_map,
    "wasserstein_procrustes": wasserstein_procrustes,
}
SEEDED = ("adversarial", "attention", "least_squares_by_steps", "small_network", "wasserstein_procrustes")


class SpaceMapper(TransformerMixin, BaseEstimator):
    """A transformer that takes rows of one feature space to another.

    mapping: one of `least_squares`, `least_squares_by_steps`, `kernel_ridge`, `procrustes`, `cca`, `small_network`,
    `attention`, which learn from pairs, row i of X belonging to row i of Y; or `gaussian_transport`,
    `principal_axes`, `wasserstein_procrustes`, `adversarial`, which learn from two clouds of any number of rows.
    settings: those of the function of that name in `transferkit.ops.mappings`, such as {"penalty": 0.1}.

    >>> X = np.random.default_rng(0).normal(size=(30, 2))
    >>> SpaceMapper("procrustes").fit(X, X[:, ::-1]).transform([[1.0, 2.0]]).round(6)
    array([[2., 1.]])
    """

    def __init__(
        self, mapping: str = "least_squares", *, settings: dict[str, Any] | None = None, random_state: Any = None
    ) -> None:
        self.mapping = mapping
        self.settings = settings
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> SpaceMapper:
        """Learn the map from X (n, d) to y (n, k), or y (n,) for one column; the fitted map is `map_`, ready to be
        called."""
        known = {**PAIRED, **UNPAIRED}
        if self.mapping not in known:
            raise unknown_name("mapping", str(self.mapping), list(known))
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None; y holds rows of the other space")
        X = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        y = check_array(y, dtype=np.float64, ensure_2d=False, input_name="y")
        if self.mapping in PAIRED:
            check_consistent_length(X, y)
        settings = dict(self.settings or {})
        if self.mapping in SEEDED:
            settings.setdefault("seed", int(check_random_state(self.random_state).randint(2**31)))
        self.map_ = known[self.mapping](X, y.reshape(len(y), -1), **settings)
        self._n_features_out = self.map_(X[:1]).shape[1]
        return self

    def transform(self, X: Any) -> np.ndarray:
        """(n, k) of rows X (n, d)."""
        check_is_fitted(self, "map_")
        return self.map_(validate_data(self, X, dtype=np.float64, reset=False))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags
