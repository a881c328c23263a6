"""Conduct: a request becomes a study - rank, plan, then carry out what was planned."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from transferkit.artifact.journal import Journal
from transferkit.core.budget import Budget
from transferkit.core.errors import BudgetSpent, Failed, WrongUse
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.evaluate.cross_fitted import CrossFitting
from transferkit.planner.adaptation import adapt, is_adaptation, needs_networks
from transferkit.planner.adaptation_plan import DomainPlan, plan_adaptation
from transferkit.planner.adaptation_summary import study_of
from transferkit.planner.adapting_arms import arms_of
from transferkit.planner.allowance import Allowance
from transferkit.planner.arms import Arm, named, read_arm, suited
from transferkit.planner.costs import Costs
from transferkit.planner.cross_fitting import Chosen, OuterFold, Pair, cross_fit, share, shared_among
from transferkit.planner.enough import LARGER
from transferkit.planner.executor.contract import Executor
from transferkit.planner.executor.named import executor_named
from transferkit.planner.findings import Findings
from transferkit.planner.planning import StudyPlan, make_plan
from transferkit.planner.ranking import Ranking, rank_sources
from transferkit.planner.request import Request
from transferkit.planner.source_tasks import about, folders
from transferkit.planner.stand_ins import stand_ins
from transferkit.planner.study import Study, carry_out, choose_and_refit, claimed
from transferkit.planner.submission import submission
from transferkit.planner.trials import Trials
from transferkit.planner.tried import Tried
from transferkit.planner.usual import as_usual
from transferkit.training.domains import Domains


def planned(request: Request) -> StudyPlan | DomainPlan:
    """What `conduct` would do with this request; nothing is kept, and nothing proven."""
    if is_adaptation(request):
        return _planned_adaptation(request)
    if not request.target.too_small_to_seal:
        return _planned(request)
    with _explained(request):
        return _planned(_shared(request))


def _planned(request: Request) -> StudyPlan:
    allowance = request.allowance()
    request = request.with_networks(request.run(allowance))
    with _in_time("sources were ranked and a few batches timed", allowance):
        ranking = rank_sources(request.sources, request.target, request.run(allowance))
        return make_plan(request, ranking, allowance).plan


def _planned_adaptation(request: Request) -> DomainPlan:
    allowance = request.allowance()
    _check_adaptation(request, request.run(allowance))
    if needs_networks(request):
        request = request.with_networks(request.run(allowance))
    with _in_time("a few batches were timed", allowance):
        return plan_adaptation(request, allowance)


@contextmanager
def _in_time(what: str, allowance: Allowance) -> Iterator[None]:
    """Says what the budget ended, where it ends here."""
    try:
        yield
    except BudgetSpent:
        raise BudgetSpent(f"{allowance} ended while {what}{LARGER}") from None


def _shared(request: Request) -> Request:
    """The study of all labels, one of those among which cross-fitting shares the budget."""
    return replace(request, budget=share(request.budget), whole_budget=request.budget)


@contextmanager
def _explained(request: Request) -> Iterator[None]:
    """Says, before what went wrong, that the budget is shared; where there is one."""
    try:
        yield
    except Failed as reason:
        if request.budget == Budget():
            raise
        raise type(reason)(f"{shared_among(request.target, request.budget)}: {reason}") from None


def conduct(request: Request) -> Study:
    """The whole study; the same request with the same `out` goes on where an earlier one was interrupted."""
    too_small = request.target.too_small_to_seal
    if too_small:  # one refit on all labels is the predictor; the proof is made of others
        request = replace(request, target=request.target.opened("cross-fitting"), seeds=1, label_curve=False)
    with submission(request.out, request.identity(), request.progress) as place, ExitStack() as stack:
        if isinstance(place, Study):
            return place
        journal, executor = place.journal, stack.enter_context(executor_named(request.on, request.device))
        request = request.with_sources(journal.note("sources", [source.name for source in request.sources]))
        allowance = request.allowance(journal.spent_seconds, len(journal.trials()))
        if is_adaptation(request):
            _check_adaptation(request, request.run(allowance))
        if not is_adaptation(request) or needs_networks(request):
            request = request.with_networks(request.run(allowance), journal.get("source tasks"))
        journal.note("source tasks", folders(request.sources))
        carried_out = _adapted if is_adaptation(request) else _cross_fitted if too_small else _sealed
        study = carried_out(request, journal, executor)
        place.keep(study)
    return study


def _check_adaptation(request: Request, run: Run) -> None:
    """Refuse what cannot be adapted before any network is learned for it."""
    arms_of(request.sources, request.target, request.methods)
    Domains.of([source for source in request.sources if source.lends_data], request.target, run)
    wishes = request.wishes
    if wishes.add or wishes.drop or wishes.pin:
        raise WrongUse(
            f"{request.target.name} has no label to learn from, and arms to add, drop or pin are of plans that learn from "
            "labels; name the methods to try, such as with compare --method"
        )


def _adapted(request: Request, journal: Journal, executor: Executor) -> Study:
    """Nothing of the target can be learned from: its domain is adapted to."""
    return study_of(adapt(request, arms_of(request.sources, request.target, request.methods), journal, executor))


def _sealed(request: Request, journal: Journal, executor: Executor) -> Study:
    """Proven on the sealed test."""
    return carry_out(_begun(request, journal, executor))


def _begun(request: Request, journal: Journal, executor: Executor) -> Findings:
    """Ranked and planned.

    An interrupted study goes on with the arms it began with, even where the ranking came out otherwise this time, or where
    its budget has been used up: what was found already is then read and costs nothing.
    """
    allowance = request.allowance(journal.spent_seconds, len(journal.trials()))
    run = request.run(allowance)
    began_before = journal.get("arms") is not None
    if began_before:
        run = replace(run, deadline=None)
    with _in_time("sources were ranked and a few batches timed", allowance):
        ranking = _ranked(request, run)
        if not began_before:
            arms, costs, plan, standing = _arms(request, ranking, allowance)
            journal.note("plan", plan and plan.as_dict())
            journal.note("stand-ins", dict(standing))
            journal.note("arms", [arm.written() for arm in arms])
        else:
            costs = Costs(request.target, run)
    arms = as_usual([read_arm(arm, request.sources) for arm in journal.get("arms")], request.target.modality)
    written = journal.get("plan")
    plan = None if written is None else StudyPlan.of(written)
    trials = Trials(request.target, journal, allowance, request.cache, request.device, request.progress, executor)
    trials.notes += about(request.sources)
    tried = Tried(sign=1 if request.target.task.metric.higher_is_better else -1)
    standing = journal.get("stand-ins", {})
    return Findings(trials, arms, ranking, request.settings(), tried, costs, plan, stand_ins=standing)


def _cross_fitted(request: Request, journal: Journal, executor: Executor) -> Study:
    """One study of all labels, for the predictor, and one of every outer fold, for the proof."""
    with _explained(request):
        findings = _begun(_shared(request), journal, executor)

    def study_on(outer: OuterFold) -> Chosen:
        part = replace(
            request,
            target=outer.target,
            seed=outer.seed,
            budget=outer.budget,
            whole_budget=request.budget,
            progress=outer.progress,
            begun=time.monotonic(),
            stand_ins=findings.stand_ins,
        )
        with Journal.open(outer.directory, part.identity()) as inner:
            fold = _begun(part, inner, executor)
            choose_and_refit(fold, only_first=True)
            several = fold.predictors()
            pairs = {
                claim: Pair(arm, several[arm][0], several[baseline][0])
                for claim, (arm, baseline) in claimed(fold).items()
                if arm in several and baseline in several
            }
            if not pairs:
                raise (BudgetSpent if fold.refits.cut_short else Failed)("; ".join(fold.refits.notes))
            return Chosen(pairs, fold.trials.allowance.used_trials)

    def proof() -> CrossFitting:
        # from here on the whole budget counts
        used = findings.trials.allowance
        findings.trials.allowance = Allowance(request.budget, used.used_seconds, used.used_trials, used.begun)
        return cross_fit(request.target, study_on, journal, findings.trials.allowance, request.seed, request.progress)

    with _explained(request):
        return carry_out(findings, proof)


def _ranked(request: Request, run: Run) -> Ranking:
    """The sources that are networks; data from which none was learned are for methods that read data."""
    networks = [source for source in request.sources if source.holds == "model"]
    return rank_sources(networks, request.target, run) if networks else Ranking(())


def _usable(request: Request, ranking: Ranking) -> list[Source]:
    """The sources of `compare`, in the order of the ranking; where a method reads data itself, then what lends data alone."""
    networks = {row.name for row in ranking.rows if row.is_usable}
    reads_data = any(method.needs.data[1] for method, _ in request.methods or ())
    lent = [source for source in request.sources if reads_data and source.lends_data and source.name not in networks]
    return [*(ranking.sorted(request.sources)[0] if networks or not lent else []), *lent]


def _arms(
    request: Request, ranking: Ranking, allowance: Allowance
) -> tuple[list[Arm], Costs, StudyPlan | None, Mapping[str, str]]:
    """The arms, what they are expected to cost, the plan they come from, where they were not named, and the stand-ins."""
    if request.methods is None:
        made = make_plan(request, ranking, allowance)
        return list(made.arms), made.costs, made.plan, made.stand_ins
    usable = _usable(request, ranking)
    target, costs, standing = request.target, Costs(request.target, request.run(allowance)), request.stand_ins
    if standing is None:
        own = as_usual(named(usable, request.methods, target.modality), target.modality)
        standing = stand_ins(own, target, costs, allowance.seconds_left)
    arms = named(usable, request.methods, target.modality, standing)
    return as_usual(suited(arms, target.task), target.modality), costs, None, standing
