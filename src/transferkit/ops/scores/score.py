"""Score: what a transferability score says of itself, and finding every score there is.

A file of this folder that ends in `SCORE = Score(...)` is a score; its stem is the name. What a score needs, its bounds
and what it does with rare classes are data here, so that tables, checks and `evaluate/scoring.py` read them instead of
a list.
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

Need = Literal["features", "axes", "outputs", "source_labels", "labels"]
"""Features (n, d); features or their principal axes; the source head's probabilities (n, z); its most likely class (n,);
labels (n,)."""
Limit = Literal["-inf", "-C (C - 1)", "-ln C", "-1", "0", "1", "C - 1", "inf"]
"""C is the number of classes that occur."""

_LIMITS: Mapping[Limit, Callable[[int], float]] = {
    "-inf": lambda c: -math.inf,
    "-C (C - 1)": lambda c: float(-c * (c - 1)),
    "-ln C": lambda c: -math.log(c),
    "-1": lambda c: -1.0,
    "0": lambda c: 0.0,
    "1": lambda c: 1.0,
    "C - 1": lambda c: float(c - 1),
    "inf": lambda c: math.inf,
}


@dataclass(frozen=True, kw_only=True)
class Score:
    """One score: a function whose value is higher the better the features will serve."""

    function: Callable[..., float]
    needs: tuple[Need, ...]
    """Its positional arguments, in their order."""
    low: Limit
    high: Limit
    imbalance: Literal["option", "share", "equal", "none"]
    """A rare class counts as `balanced` says; as its share of the items; as much as any other; labels are not read."""

    @property
    def needs_outputs(self) -> bool:
        """Whether it asks for a source with a head of its own."""
        return bool({"outputs", "source_labels"} & set(self.needs))

    def bounds(self, n_classes: int) -> tuple[float, float]:
        """Least and largest value that `n_classes` classes allow.

        >>> Score(function=max, needs=("labels",), low="0", high="C - 1", imbalance="share").bounds(3)
        (0.0, 2.0)
        """
        return _LIMITS[self.low](n_classes), _LIMITS[self.high](n_classes)


@cache
def find_scores() -> Mapping[str, Score]:
    """Every score by name.

    >>> find_scores()["leep"].needs
    ('outputs', 'labels')
    """
    package = importlib.import_module("transferkit.ops.scores")
    found = {}
    for module in pkgutil.iter_modules(package.__path__):
        declared = getattr(importlib.import_module(f"{package.__name__}.{module.name}"), "SCORE", None)
        if isinstance(declared, Score):
            found[module.name] = declared
    return MappingProxyType(found)
