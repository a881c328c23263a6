"""Study: every arm that ran, its evidence, and the best predictor - rank, try, choose, prove."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from transferkit.artifact.wording import duration
from transferkit.core.errors import Failed
from transferkit.core.predictor import Predictor
from transferkit.evaluate.cross_fitted import CrossFitting
from transferkit.evaluate.proof import prove
from transferkit.evaluate.summary import StudySummary
from transferkit.planner.allowance import CLOSING, CLOSING_SHARE
from transferkit.planner.cross_fitting import PROCEDURE, STUDIES
from transferkit.planner.enough import LARGER, enough
from transferkit.planner.findings import Findings
from transferkit.planner.label_curve import fit_label_curve
from transferkit.planner.proving import choose, refit, without_trial, written_choice
from transferkit.planner.selection import LONGER, select
from transferkit.planner.summarise import summarise

if TYPE_CHECKING:
    import pandas


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

    def to_frame(self) -> pandas.DataFrame:
        """The arms as a pandas table; see `artifact/frames.py` for its columns."""
        from transferkit.artifact.frames import arms_frame

        return arms_frame(self.summary.arms)

    def __str__(self) -> str:
        from transferkit.artifact.printed import printed

        return printed(self.summary)


def carry_out(findings: Findings, cross_fit: Callable[[], CrossFitting] | None = None) -> Study:
    """Try the arms, choose on validation, prove on the sealed test, or by `cross_fit`. Ctrl-C ends it with what is done."""
    trials = findings.trials
    try:
        choose_and_refit(findings, only_first=cross_fit is not None)
        if cross_fit is not None:
            findings.cross_fitting = found = cross_fit()
            findings.evidence = found.evidence(claimed(findings), trials.target.task)
            findings.test = found.examples
        elif any(findings.seeds_of(claim) for claim in findings.claims):
            purpose = f"the proof of study {trials.journal.directory.name}"
            findings.curve = fit_label_curve(findings)
            judged = findings.predictors() | findings.curve.predictors()
            findings.evidence, findings.test = prove(judged, trials.target, purpose, trials.progress)
    except KeyboardInterrupt:
        trials.journal.spend()  # the trial that was under way has cost its time
        findings.interrupted, findings.evidence = True, {}
        return Study(summarise(findings), None)
    summary = summarise(findings)
    return Study(summary, findings.final_predictor(summary.best))


def claimed(findings: Findings) -> dict[str, tuple[str, str]]:
    """What is cross-fitted -> its arm and baseline: every arm of `compare`, the choosing itself in `transfer`."""
    if findings.settings.prove_every_arm:
        return {claim.arm.name: (claim.arm.name, claim.baseline.name) for claim in findings.claims}
    first = findings.claims[0]
    return {PROCEDURE: (first.arm.name, first.baseline.name)}


def choose_and_refit(findings: Findings, only_first: bool) -> None:
    """All that comes before the proof; `only_first`: without the secondary claims of `transfer`."""
    decide(findings, only_first)
    refit(findings.claims, findings.trials, findings.costs, findings.settings.seeds, findings.refits)


def decide(findings: Findings, only_first: bool) -> None:
    """What is going to be proven: chosen by trials, or taken without."""
    trials, settings = findings.trials, findings.settings
    chosen = written_choice(findings.arms, trials) or without_trial(findings.arms, trials)
    select(findings.arms, trials, findings.costs, settings, findings.tried, only_replay=bool(chosen))
    findings.claims = chosen or choose(findings.arms, findings.tried, trials, findings.costs, settings.prove_every_arm)
    _check_claims(findings)
    findings.tried.notes = trials.journal.note("selection", findings.tried.notes)  # as it ended the first time
    if only_first and not settings.prove_every_arm:
        findings.claims = findings.claims[:1]


def _check_claims(findings: Findings) -> None:
    """A study with nothing to prove is an error that says why."""
    if findings.claims:
        return
    results = [(arm, result) for arm in findings.arms for result in findings.tried.all(arm)]
    failures = {f"{arm.name}: {result.message}" for arm, result in results if result.status == "failed"}
    if failures and all(result.status == "failed" for _, result in results):
        raise Failed(f"no arm gave a result ({'; '.join(sorted(failures))})")
    if failures:
        raise Failed(f"no arm can be compared with its baseline ({'; '.join(sorted(failures))})")
    raise Failed(
        f"{findings.trials.allowance} is too small for one trial, its baseline and their proof{_advice(findings)}"
    )


def _advice(findings: Findings) -> str:
    """What one pair takes, where that is known to be more than there was, and what to give."""
    allowance = findings.trials.allowance
    if allowance.budget.seconds is None:
        return LARGER
    least = _least_seconds(findings)
    takes = f", which take about {duration(least)} here" if least > allowance.budget.seconds else ""
    if allowance.whole is None or allowance.whole.seconds is None:
        return f"{takes}{LARGER}"
    short = max(0.0, allowance.whole.seconds / STUDIES - allowance.budget.seconds)  # others took more than their share
    return f"{takes}; {enough(STUDIES * (least + short), allowance.whole.seconds)}"


def _least_seconds(findings: Findings) -> float:
    """What the first arm and its baseline take, each tried once and refitted once, beside all that comes before and after.

    No less than what `select` asks for before it lets the arm begin: that room for a slower refit stays.
    """
    by_name = {arm.name: arm for arm in findings.arms}
    arm = next(arm for arm in findings.arms if arm.baseline is not None)
    baseline = by_name[arm.baseline or ""]
    target, costs, allowance = findings.trials.target, findings.costs, findings.trials.allowance
    n_tried, n_whole = len(target.train), len(target.whole().train)
    tried, proven = ([costs.expected(one, one.method, n) for one in (arm, baseline)] for n in (n_tried, n_whole))
    pair = max(sum(tried) + sum(proven), tried[0] * (1 + LONGER * n_whole / max(1, n_tried)) + proven[1])
    trials = sum(result.seconds for one in findings.arms for result in findings.tried.all(one))
    return max(0.0, allowance.seconds_used - trials) + pair + min(CLOSING, CLOSING_SHARE * pair)
