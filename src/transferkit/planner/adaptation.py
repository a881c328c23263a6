"""Adaptation: the study of a target whose labels cannot be learned from - adapt, choose without labels, prove on sealed ones.

Every arm is fitted once; label-free scores on the target's open items choose among them and the source-only baselines. Where
the target has sealed labels, the chosen adaptation and its baseline are fitted with more seeds and judged on them, paired; the
other arms are judged beside them, which tells what the choice has cost. Where it has none, what can be said is said, and which
items to label.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from transferkit.artifact.journal import Journal
from transferkit.core.errors import Failed, TransferkitError
from transferkit.core.examples import Examples
from transferkit.core.predictor import Predictor
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.task import Task
from transferkit.evaluate.label_free import TERMS as OF_CLASSES
from transferkit.evaluate.label_free import Candidate, Choice, choose
from transferkit.evaluate.label_free_numbers import TERMS as OF_NUMBERS
from transferkit.evaluate.label_free_numbers import BothDomains, NumbersCandidate, choose_numbers
from transferkit.evaluate.proof import prove
from transferkit.evaluate.trial import TrialResult
from transferkit.ops.label_free.judged import Judged
from transferkit.planner.allowance import Allowance
from transferkit.planner.arms import Arm, read_arm
from transferkit.planner.costs import Costs
from transferkit.planner.executor.contract import Executor
from transferkit.planner.findings import Findings
from transferkit.planner.proving import CHOICE, refit, written_choice
from transferkit.planner.ranking import Ranking
from transferkit.planner.request import Request
from transferkit.planner.source_tasks import about
from transferkit.planner.trials import Fit, Trials, record_of
from transferkit.planner.tried import Tried
from transferkit.training.domain_features import DomainFeatures, domain_features
from transferkit.training.domains import Domains

JUDGED_ITEMS = 2000
"""Open items of the target, and held-out ones of the sources, that label-free scores look at."""
RESERVE = 0.4
"""Share of the budget that is kept for further seeds, where the target has sealed labels to prove anything on."""
CHOOSING = 0.1
"""Share that is kept else: every predictor is asked about many items before one is chosen, and that has no deadline."""


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
        _choose(found, replace(run, deadline=None))
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


def _choose(found: Adapted, run: Run) -> None:
    """By label-free scores, among the adapted predictors and their baselines; what is to be proven is written down."""
    findings = found.findings
    items = found.domains.unlabelled
    items = items.take(range(min(JUDGED_ITEMS, len(items))))
    held = found.domains.held_out
    held = held.take(range(0, len(held), max(1, -(-len(held) // JUDGED_ITEMS))))
    held = held if len(held) > 1 else held.take([])  # one item says nothing
    task = found.domains.task
    if task.name == "regress":
        _choose_numbers(found, items, held, run)
    elif not task.balances:
        findings.refits.notes.append(
            f"no label-free score is known for task {task.name}: nothing could be chosen without labels"
        )
    for name, predictor in found.predictors.items() if task.balances else ():
        try:
            found.judged[name] = _judged(predictor, items, held, run)
        except ValueError as reason:
            found.left_out.append(f"{name} cannot be judged without labels: {reason}")
    by_name = {arm.name: arm for arm in findings.arms}
    baseline = _last_baseline(found, found.judged)
    if baseline is not None:
        found.choice = choose([Candidate(n, one, is_baseline=n == baseline) for n, one in found.judged.items()])
    judged = [row.arm for row in found.choice.rows] if found.choice else []
    ordered = dict.fromkeys([*judged, *found.predictors])
    adapted = [by_name[n] for n in ordered if by_name[n].baseline in found.predictors]
    first = adapted[:1] if not findings.settings.prove_every_arm else adapted
    claims = [
        [arm.name, str(arm.method), by_name[arm.baseline or ""].name, str(by_name[arm.baseline or ""].method)]
        for arm in first
    ]
    findings.trials.journal.note(CHOICE, claims)
    findings.claims = written_choice(findings.arms, findings.trials)


def _choose_numbers(found: Adapted, items: Examples, held: Examples, run: Run) -> None:
    """The same for a task of numbers, by what source and target have in common before any adaptation."""
    if found.features is None:
        found.findings.refits.notes.append("without features of both domains nothing could be chosen without labels")
        return
    on_held: dict[str, np.ndarray] = {}
    for name, predictor in found.predictors.items():
        numbers = [np.asarray(predictor.judge(part, run).labels, dtype=np.float64) for part in (items, held)]
        if np.isfinite(np.concatenate(numbers)).all():
            found.said[name], on_held[name] = numbers
        else:
            found.left_out.append(f"{name} cannot be judged without labels: it says numbers that are not finite")
    baseline = _last_baseline(found, found.said)
    if baseline is None:
        return
    features = found.features
    known = BothDomains(
        source_features=features.source,
        source_labels=np.asarray(features.source_labels, dtype=np.float64),
        target_features=features.target[: len(items)],
        held_features=features.of(held, run) if len(held) else features.source[:0],
        held_labels=np.asarray(held.labels or (), dtype=np.float64),
    )
    found.choice = choose_numbers(
        [NumbersCandidate(n, said, on_held[n], n == baseline) for n, said in found.said.items()], known
    )


def _last_baseline(found: Adapted, judged: Iterable[str]) -> str | None:
    """Of the arms that could be judged, the baseline that is left only for a better one."""
    alone = {arm.name for arm in found.findings.arms if arm.baseline is None}
    return next((name for name in reversed(list(judged)) if name in alone), None)


def label_free_terms(task: Task) -> tuple[str, ...]:
    """The scores that choose in such a task where there are no labels; none where nothing can."""
    if task.name == "regress":
        return OF_NUMBERS
    return OF_CLASSES if task.balances else ()


def _judged(predictor: Predictor, items: Examples, held: Examples, run: Run) -> Judged:
    """What a predictor says of open target items, and of held-out source items where there are some."""
    on_target, on_source = predictor.judge(items, run), predictor.judge(held, run) if len(held) else None
    if on_target.scores is None:
        raise Failed("a predictor of classes gave no probabilities")
    ours = predictor.features(items, run)
    return Judged(
        target_probabilities=on_target.scores,
        target_features=ours,
        source_probabilities=None if on_source is None else on_source.scores,
        source_labels=None if on_source is None else predictor.task.strata(held.labels or ()),
        source_features=None if ours is None or on_source is None else predictor.features(held, run),
    )


def _prove(found: Adapted, request: Request) -> None:
    """Fit the claims with the other seeds, then open the seal; every arm is judged beside them, with its first seed."""
    findings, target = found.findings, found.findings.trials.target
    if not len(target.test):
        return
    refit(findings.claims, findings.trials, findings.costs, findings.settings.seeds, findings.refits)
    purpose = f"the proof of study {findings.trials.journal.directory.name}"
    findings.evidence, findings.test = prove(findings.predictors(), target, purpose, request.progress)
