"""Adaptation: the study of a target whose labels cannot be learned from - adapt, choose without labels, prove on sealed ones.

Every arm is fitted once; label-free scores on the target's open items choose among them and the source-only baselines. Where
the target has sealed labels, the chosen adaptation and its baseline are fitted with more seeds and judged on them, paired; the
other arms are judged beside them, which tells what the choice has cost. Where it has none, what can be said is said, and which
items to label.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from transferkit.artifact.journal import Journal
from transferkit.core.errors import Failed, TransferkitError
from transferkit.core.predictor import Predictor
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.evaluate.proof import prove
from transferkit.evaluate.trial import TrialResult
from transferkit.planner.adapted import Adapted
from transferkit.planner.allowance import Allowance
from transferkit.planner.arms import Arm, read_arm
from transferkit.planner.costs import Costs
from transferkit.planner.executor.contract import Executor
from transferkit.planner.findings import Findings
from transferkit.planner.proving import refit
from transferkit.planner.ranking import Ranking
from transferkit.planner.request import Request
from transferkit.planner.source_tasks import about
from transferkit.planner.trials import Fit, Trials, record_of
from transferkit.planner.tried import Tried
from transferkit.planner.unlabelled_choice import choose_unlabelled
from transferkit.training.domain_features import DomainFeatures, domain_features
from transferkit.training.domains import Domains

RESERVE = 0.4
"""Share of the budget that is kept for choosing and further seeds, where there are sealed labels to prove anything on."""
CHOOSING = 0.1
"""Share of the budget that is kept for choosing: every predictor is asked about many items before one is taken."""


def is_adaptation(request: Request) -> bool:
    """Whether there is no label of the target to learn from."""
    return not len(request.target.train) + len(request.target.validation)


def needs_networks(request: Request) -> bool:
    """Whether a network is to be learned from the labelled data first, so that there are features to compare the domains by."""
    named = any(not source.lends_data for source in request.sources)
    return not named and request.target.modality != "tabular" and request.target.task.needs_features


def adapt(request: Request, arms: Sequence[Arm], journal: Journal, executor: Executor) -> Adapted:
    """Carry out the study; what is finished already is read from the journal. Ctrl-C ends it with what is done."""
    allowance = request.allowance(journal.spent_seconds, len(journal.trials()))
    run = request.run(allowance)
    journal.note("arms", [arm.written() for arm in arms])
    arms = [read_arm(written, request.sources) for written in journal.get("arms")]
    domains = Domains.of([source for source in request.sources if source.lends_data], request.target, run)
    target = replace(request.target, task=domains.task)
    trials = Trials(target, journal, allowance, request.cache, request.device, request.progress, executor)
    trials.notes += about(request.sources)
    tried = Tried(sign=1 if target.task.metric.higher_is_better else -1)
    findings = Findings(trials, arms, Ranking(()), request.settings(), tried, Costs(target, run))
    found = Adapted(findings, domains, _features(request.sources, domains, run, trials.notes))
    try:
        _fit(found, request)
        kept = RESERVE - CHOOSING if len(target.test) else 0.0
        choose_unlabelled(found, replace(run, deadline=None), max(0.0, _left(allowance, kept)))
        _prove(found, request)
    except KeyboardInterrupt:
        journal.spend()
        findings.interrupted, findings.evidence = True, {}
    return found


def _features(sources: Sequence[Source], domains: Domains, run: Run, notes: list[str]) -> DomainFeatures | None:
    """Those that the domains are compared by; None where nothing gives any, and a note says why."""
    models = [source for source in sources if not source.lends_data]
    learned = [source for source in sources if source.lends_data and source.options.learned]
    try:
        return domain_features(domains, models or learned, run)
    except TransferkitError as reason:
        notes.append(f"how far apart the domains are is not told: {reason}")
        return None


def _fit(found: Adapted, request: Request) -> None:
    """Every arm once, on everything that is open; those that do not fit in are left out, with the reason."""
    findings, trials = found.findings, found.findings.trials
    seconds: dict[str, float] = {}
    too_late: list[str] = []

    def wanted() -> Iterator[Fit]:
        for arm in findings.arms:
            fit = Fit(arm, arm.method, "prove", findings.settings.seeds[0])
            if trials.is_finished(fit):
                yield fit
                continue
            further = RESERVE if len(trials.target.test) else CHOOSING
            left = _left(trials.allowance, kept=further if _is_pair_there(found) else 0.0)
            expected = 1.5 * seconds.get(arm.baseline or "", 0.0)
            if left <= expected or not trials.allowance.allows(0.0):
                too_late.append(arm.name)
                continue
            yield replace(fit, seconds=None if left == float("inf") else left)

    for n_done, (fit, result) in enumerate(trials.run(wanted()), start=1):
        name = fit.arm.name
        if result is None:
            found.left_out.append(f"{name} did not end within the budget")
        elif result.status == "failed":
            found.left_out.append(f"{name} failed: {result.message}")
            findings.tried.add(fit.arm, fit.method, result)
        else:
            seconds[name] = result.seconds
            findings.costs.learn(fit.arm, fit.method, 0, result.seconds)
            findings.tried.add(fit.arm, fit.method, result)
            found.predictors[name] = predictor = _kept(trials, fit, result)
            findings.refits.predictors.setdefault(name, {})[fit.seed] = predictor
        trials.progress("adapting", n_done, len(findings.arms))
    if not _is_pair_there(found):
        if too_late:
            raise Failed(f"{trials.allowance} is too small for one adaptation and its baseline; give a larger --budget")
        raise Failed(f"no adaptation beside its baseline gave a result: {'; '.join(_by_reason(found.left_out))}")
    if too_late:
        found.left_out.append(f"{trials.allowance} left no time to try {', '.join(too_late)}")


def _by_reason(lines: Sequence[str]) -> list[str]:
    """Lines such as "tca < old failed: why", those that failed for one reason together."""
    names: dict[str, list[str]] = {}
    for line in lines:
        name, failed, why = line.partition(" failed: ")
        names.setdefault(failed + why, []).append(name)
    return [", ".join(several) + reason for reason, several in names.items()]


def _is_pair_there(found: Adapted) -> bool:
    """Whether an adaptation and its baseline both have a predictor."""
    return any(arm.name in found.predictors and arm.baseline in found.predictors for arm in found.findings.arms)


def _left(allowance: Allowance, kept: float) -> float:
    """Seconds that the next arm may take; `kept` is a share of the budget."""
    if allowance.budget.seconds is None:
        return float("inf")
    return allowance.seconds_left - kept * allowance.budget.seconds


def _kept(trials: Trials, fit: Fit, result: TrialResult) -> Predictor:
    predictor = trials.journal.predictor(trials.key(fit))
    predictor.record = record_of(result)
    predictor.to(trials.device)
    return predictor


def _prove(found: Adapted, request: Request) -> None:
    """Fit the claims with the other seeds, then open the seal; every arm is judged beside them, with its first seed."""
    findings, target = found.findings, found.findings.trials.target
    if not len(target.test):
        return
    refit(findings.claims, findings.trials, findings.costs, findings.settings.seeds, findings.refits)
    purpose = f"the proof of study {findings.trials.journal.directory.name}"
    findings.evidence, findings.test = prove(findings.predictors(), target, purpose, request.progress)
