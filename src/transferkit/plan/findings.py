"""Findings: what a study knows so far. It may be interrupted at any moment, and is summed up all the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from transferkit.core.examples import Examples
from transferkit.core.predictor import Predictor
from transferkit.evaluate.proof import Proven
from transferkit.plan.arms import Arm
from transferkit.plan.proving import Claim, Refits
from transferkit.plan.ranking import Ranking
from transferkit.plan.trials import Trials
from transferkit.plan.tried import Tried


@dataclass(frozen=True)
class Settings:
    """How a study is carried out."""

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    folds: tuple[int, ...] = (0, 1, 2)
    """Seeds of the splits of the open labels that arms are chosen on."""
    margin: float = 0.01
    """Largest difference that does not matter, in the metric's own scale."""
    prove_every_arm: bool = False
    """True: every arm is proven (compare); False: the best arm of each source (transfer)."""
    resumable: bool = False
    """True where the run directory stays: the same call with it goes on."""
    command: str = ""
    """How the person asked for it, for the report."""


@dataclass
class Findings:
    """Filled from top to bottom as the study goes on."""

    trials: Trials
    arms: Sequence[Arm]
    ranking: Ranking
    settings: Settings
    tried: Tried
    claims: Sequence[Claim] = ()
    refits: Refits = field(default_factory=Refits)
    evidence: dict[str, Proven] = field(default_factory=dict)
    test: Examples | None = None
    interrupted: bool = False
    """Ctrl-C came before the proof."""

    def seeds_of(self, claim: Claim) -> list[int]:
        """Seeds that both the claim's arm and its baseline were refitted with."""
        return self.refits.common(claim.arm.name, claim.baseline.name)

    def predictors(self) -> dict[str, list[Predictor]]:
        """The final predictors of every arm, one a seed, the first seed first."""
        return {
            arm: [by_seed[s] for s in sorted(by_seed)] for arm, by_seed in self.refits.predictors.items() if by_seed
        }

    def final_predictor(self, arm: str) -> Predictor | None:
        """The predictor that is returned for an arm: of its first seed, as said before the test was seen."""
        return next(iter(self.predictors().get(arm, [])), None)
