"""Study: every arm that ran, its evidence, and the best predictor - rank, try, choose, prove."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from transferkit.core.errors import Failed
from transferkit.core.predictor import Predictor
from transferkit.core.run import Progress, silent
from transferkit.evaluate.proof import prove
from transferkit.evaluate.summary import StudySummary
from transferkit.plan.findings import Findings
from transferkit.plan.proving import choose, refit
from transferkit.plan.selection import select
from transferkit.plan.summarise import summarise

RESERVE = 0.5
"""Share of the seconds that is kept back for the proof."""


@dataclass(eq=False)
class Study:
    """What a study found. `print(study)` shows it; `save` keeps it."""

    summary: StudySummary
    _best: Predictor | None

    @property
    def best(self) -> Predictor:
        """The predictor of the chosen arm where it helps, else of its baseline."""
        if self._best is None:
            raise Failed(f"this study has no proven predictor: {self.summary.sentence}")
        return self._best

    def save(self, directory: str | Path) -> Path:
        """Write weights, settings, report.html, report.json and the model card; gives the directory."""
        from transferkit.artifact.kept import keep

        return keep(self.summary, self._best, Path(directory))

    def __str__(self) -> str:
        from transferkit.artifact.printed import printed

        return printed(self.summary)


def carry_out(findings: Findings, progress: Progress = silent) -> Study:
    """Try the arms, choose on validation, prove on the sealed test. Ctrl-C ends it with what is done; the seal stays."""
    trials, settings = findings.trials, findings.settings
    try:
        select(findings.arms, trials, settings.n_folds, RESERVE, 2 * len(settings.seeds), findings.tried)
        findings.claims = choose(findings.arms, findings.tried, trials, settings.prove_every_arm)
        _check_claims(findings)
        refit(findings.claims, trials, settings.seeds, findings.refits)
    except KeyboardInterrupt:
        findings.interrupted = True
        return Study(summarise(findings), None)
    purpose = f"the proof of study {trials.journal.directory.name}"
    findings.evidence, findings.test = prove(findings.predictors(), trials.target, purpose, progress)
    summary = summarise(findings)
    return Study(summary, findings.final_predictor(summary.best))


def _check_claims(findings: Findings) -> None:
    """A study with nothing to prove is an error that says why."""
    if findings.claims:
        return
    if findings.tried.notes:
        budget = findings.trials.allowance.budget
        raise Failed(f"the budget of {budget} is too small for a single trial and its proof; give a larger --budget")
    reasons = {f"{arm.name}: {r.message}" for arm in findings.arms for r in findings.tried.all(arm) if r.message}
    raise Failed(f"no arm gave a result ({'; '.join(sorted(reasons))})")
