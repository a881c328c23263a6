"""Findings: what a study knows so far. It may be interrupted at any moment, and is summed up all the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from transferkit.core.examples import Examples
from transferkit.core.predictor import Predictor
from transferkit.evaluate.cross_fitted import CrossFitting, cross_fitted_gain
from transferkit.evaluate.gain import paired_gain
from transferkit.evaluate.planned import Plan
from transferkit.evaluate.proof import Proven
from transferkit.evaluate.summary import Gain
from transferkit.planner.arms import Arm
from transferkit.planner.costs import Costs
from transferkit.planner.label_subsets import LabelCurve
from transferkit.planner.proving import Claim, Refits
from transferkit.planner.ranking import Ranking
from transferkit.planner.settings import Settings
from transferkit.planner.trials import Trials
from transferkit.planner.tried import Tried


@dataclass
class Findings:
    """Filled from top to bottom as the study goes on."""

    trials: Trials
    arms: Sequence[Arm]
    ranking: Ranking
    settings: Settings
    tried: Tried
    costs: Costs
    plan: Plan | None = None
    """What was meant to be done; None where the person named the arms."""
    claims: Sequence[Claim] = ()
    refits: Refits = field(default_factory=Refits)
    curve: LabelCurve = field(default_factory=LabelCurve)
    """The primary claim's two arms on fewer labels."""
    evidence: dict[str, Proven] = field(default_factory=dict)
    test: Examples | None = None
    cross_fitting: CrossFitting | None = None
    """Where the labels were too few for a sealed test: the evidence then has one row a repeat, in place of one a seed."""
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    """Source -> why its arms are compared with the default network."""
    interrupted: bool = False
    """Ctrl-C came before the proof."""

    def seeds_of(self, claim: Claim) -> list[int]:
        """Seeds that both the claim's arm and its baseline were refitted with."""
        return self.refits.common(claim.arm.name, claim.baseline.name)

    def rows(self, arm: str, table: np.ndarray, seeds: Sequence[int]) -> np.ndarray:
        """Those of an arm's evidence that belong to `seeds`; where it was cross-fitted, one a repeat."""
        if self.cross_fitting is not None:
            return table
        order = sorted(self.refits.predictors[arm])
        return table[[order.index(seed) for seed in seeds]]

    @property
    def paired_gain(self) -> Callable[..., Gain]:
        """What makes a gain of two tables, with the interval that fits the way they came about."""
        return paired_gain if self.cross_fitting is None else cross_fitted_gain

    def predictors(self) -> dict[str, list[Predictor]]:
        """The final predictors of every arm, one a seed, the first seed first."""
        return {
            arm: [by_seed[s] for s in sorted(by_seed)] for arm, by_seed in self.refits.predictors.items() if by_seed
        }

    def final_predictor(self, arm: str) -> Predictor | None:
        """The predictor that is returned for an arm: of its first seed, as said before the test was seen."""
        return next(iter(self.predictors().get(arm, [])), None)
