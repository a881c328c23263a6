"""Adapted: what an adaptation study has found so far."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from transferkit.core.predictor import Predictor
from transferkit.evaluate.label_free import Choice
from transferkit.ops.label_free.judged import Judged
from transferkit.planner.findings import Findings
from transferkit.training.domain_features import DomainFeatures
from transferkit.training.domains import Domains


@dataclass
class Adapted:
    """What an adaptation study found."""

    findings: Findings
    domains: Domains
    features: DomainFeatures | None
    """Of a frozen network, or the items' own numbers: what the shift is measured on; None where there are none."""
    predictors: dict[str, Predictor] = field(default_factory=dict)
    """Arm -> its predictor of the first seed."""
    judged: dict[str, Judged] = field(default_factory=dict)
    """Arm -> what it says of open items, in tasks with classes."""
    said: dict[str, np.ndarray] = field(default_factory=dict)
    """Arm -> the numbers (n_t,) it gives open target items, where the task is to predict numbers."""
    choice: Choice | None = None
    left_out: list[str] = field(default_factory=list)
    """Why arms were not tried, or gave nothing."""
