"""Take what one model has learned to your data, and know that it helped.

>>> import transferkit as tk
>>> tk.Source("zoo:digits-cnn").scheme
'zoo'
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transferkit.core.beside import target_beside as target_beside
    from transferkit.core.budget import Budget as Budget
    from transferkit.core.source import Source as Source
    from transferkit.core.target import Target as Target
    from transferkit.estimators.adapted import AdaptedClassifier as AdaptedClassifier
    from transferkit.estimators.adapted import AdaptedRegressor as AdaptedRegressor
    from transferkit.estimators.aligner import DomainAligner as DomainAligner
    from transferkit.estimators.boosted import TrAdaBoostClassifier as TrAdaBoostClassifier
    from transferkit.estimators.boosted import TrAdaBoostRegressor as TrAdaBoostRegressor
    from transferkit.estimators.classifier import TransferClassifier as TransferClassifier
    from transferkit.estimators.mapper import SpaceMapper as SpaceMapper
    from transferkit.estimators.regressor import TransferRegressor as TransferRegressor
    from transferkit.estimators.weighted import WeightedClassifier as WeightedClassifier
    from transferkit.estimators.weighted import WeightedRegressor as WeightedRegressor
    from transferkit.front import candidates as candidates
    from transferkit.front import compare as compare
    from transferkit.front import compare_each as compare_each
    from transferkit.front import load as load
    from transferkit.front import plan as plan
    from transferkit.front import rank as rank
    from transferkit.front import transfer as transfer
    from transferkit.front import transfer_each as transfer_each
    from transferkit.sources.memory import source_of as source_of

    __version__: str

_WHERE = {
    "AdaptedClassifier": "transferkit.estimators.adapted",
    "AdaptedRegressor": "transferkit.estimators.adapted",
    "Budget": "transferkit.core.budget",
    "DomainAligner": "transferkit.estimators.aligner",
    "Source": "transferkit.core.source",
    "SpaceMapper": "transferkit.estimators.mapper",
    "Target": "transferkit.core.target",
    "TrAdaBoostClassifier": "transferkit.estimators.boosted",
    "TrAdaBoostRegressor": "transferkit.estimators.boosted",
    "TransferClassifier": "transferkit.estimators.classifier",
    "TransferRegressor": "transferkit.estimators.regressor",
    "WeightedClassifier": "transferkit.estimators.weighted",
    "WeightedRegressor": "transferkit.estimators.weighted",
    "candidates": "transferkit.front",
    "compare": "transferkit.front",
    "compare_each": "transferkit.front",
    "load": "transferkit.front",
    "plan": "transferkit.front",
    "rank": "transferkit.front",
    "source_of": "transferkit.sources.memory",
    "target_beside": "transferkit.core.beside",
    "transfer": "transferkit.front",
    "transfer_each": "transferkit.front",
}
"""Public name -> the module it lives in; imported when it is first asked for, so that `import transferkit` is quick."""

__all__ = [
    "AdaptedClassifier",
    "AdaptedRegressor",
    "Budget",
    "DomainAligner",
    "Source",
    "SpaceMapper",
    "Target",
    "TrAdaBoostClassifier",
    "TrAdaBoostRegressor",
    "TransferClassifier",
    "TransferRegressor",
    "WeightedClassifier",
    "WeightedRegressor",
    "__version__",
    "candidates",
    "compare",
    "compare_each",
    "load",
    "plan",
    "rank",
    "source_of",
    "target_beside",
    "transfer",
    "transfer_each",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        value: Any = version("transferkit")
    elif name in _WHERE:
        value = getattr(importlib.import_module(_WHERE[name]), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(globals().keys() | set(__all__))
