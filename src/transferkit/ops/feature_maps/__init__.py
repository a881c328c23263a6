"""Feature maps: fitted functions of feature vectors that can be written down; one file a kind, found by its name."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

import numpy as np

from transferkit.ops.feature_maps.contract import FeatureMap


def build(kind: str, settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> FeatureMap:
    """The inverse of `FeatureMap.describe` and `arrays`."""
    known = [module.name for module in pkgutil.iter_modules(__path__) if module.name != "contract"]
    if kind not in known:
        raise ValueError(f"unknown kind of feature map {kind!r}; known: {', '.join(known)}")
    made: FeatureMap = importlib.import_module(f"{__name__}.{kind}").build(settings, arrays)
    return made
