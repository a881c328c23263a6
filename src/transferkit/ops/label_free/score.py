"""LabelFreeScore: what a label-free score says of itself, and finding every one there is.

A file of this folder that ends in `SCORE = LabelFreeScore(...)` is a score; its stem is the name.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from transferkit.ops.label_free.judged import Judged

Need = Literal["source", "target_features", "features"]
"""Held-out source items with their labels; features of the target items; features of both."""
Limit = Literal["-inf", "-ln C", "0", "1", "ln C", "ln n", "inf"]
"""C is the number of classes, n that of the target items."""


@dataclass(frozen=True, kw_only=True)
class LabelFreeScore:
    """One score: a function of `Judged` whose value is higher the better the model is held to do on the target."""

    function: Callable[[Judged], float]
    needs: frozenset[Need] = frozenset()
    """Beside the target probabilities."""
    low: Limit
    high: Limit
    is_accuracy: bool = False
    """Whether the value is an estimate of the accuracy on the target, 0 to 1."""

    def can_judge(self, judged: Judged) -> bool:
        """Whether all it needs is there."""
        there: dict[Need, bool] = {
            "source": judged.has_source,
            "target_features": judged.target_features is not None,
            "features": judged.target_features is not None and judged.source_features is not None,
        }
        return all(there[need] for need in self.needs)

    def bounds(self, judged: Judged) -> tuple[float, float]:
        """Least and largest value there can be."""
        n, n_classes = judged.target_probabilities.shape
        limits = {
            "-inf": -math.inf,
            "-ln C": -math.log(n_classes),
            "0": 0.0,
            "1": 1.0,
            "ln C": math.log(n_classes),
            "ln n": math.log(n),
            "inf": math.inf,
        }
        return limits[self.low], limits[self.high]


@cache
def find_label_free_scores() -> Mapping[str, LabelFreeScore]:
    """Every label-free score by name.

    >>> find_label_free_scores()["source_accuracy"].needs
    frozenset({'source'})
    """
    package = importlib.import_module("transferkit.ops.label_free")
    found = {}
    for module in pkgutil.iter_modules(package.__path__):
        declared = getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "SCORE", None)
        if isinstance(declared, LabelFreeScore):
            found[module.name] = declared
    return MappingProxyType(found)
