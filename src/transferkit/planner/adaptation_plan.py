"""Adaptation plan: what a study would do whose target has no labels to learn from. Nothing is fitted to the target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from transferkit.core import registry
from transferkit.core.budget import Budget
from transferkit.core.errors import TransferkitError
from transferkit.core.method import Method
from transferkit.core.run import Run
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.evaluate.planned import DroppedArm, PlannedArm
from transferkit.evaluate.planned_adaptation import AdaptationPlan, SourceDomain
from transferkit.planner.adaptation import CHOOSING, RESERVE
from transferkit.planner.adaptation_summary import shift_of
from transferkit.planner.adapting_arms import FAMILIES, arms_of
from transferkit.planner.allowance import Allowance
from transferkit.planner.arms import Arm
from transferkit.planner.costs import Costs
from transferkit.planner.profile import profile
from transferkit.planner.request import Request
from transferkit.planner.unlabelled_choice import label_free_terms
from transferkit.training.domain_features import domain_features
from transferkit.training.domains import Domains

BOTH = 2.0
"""Batches in a step of a method that adapts, one of each domain; the baseline's has one."""


@dataclass(frozen=True)
class DomainPlan(AdaptationPlan):
    """A plan to adapt; `print` it to read it."""

    def __str__(self) -> str:
        from transferkit.artifact.printed_adaptation_plan import printed_adaptation_plan

        return printed_adaptation_plan(self)


def plan_adaptation(request: Request, allowance: Allowance) -> DomainPlan:
    """The arms in order with their expected cost; a few steps are trained, on items of the sources, to learn what these cost.

    One line where the sources are not fit to adapt from.
    """
    run, target = request.run(allowance), request.target
    arms = arms_of(request.sources, target, request.methods)
    data = [source for source in request.sources if source.lends_data]
    domains = Domains.of(data, target, run)
    costs = _Costs(domains, run)
    expected = {arm.name: costs.expected(arm) for arm in arms}
    proving = max(_further_seeds(arm, arms, expected, request.seeds) for arm in arms) if len(target.test) else 0.0
    trying = sum(expected.values())
    models = [source for source in request.sources if not source.lends_data]
    return DomainPlan(
        profile=profile(replace(target, task=domains.task), models, run),
        arms=tuple(PlannedArm(arm.name, expected[arm.name], 1, _reason(arm)) for arm in arms),
        dropped=tuple(_untried(arms, target, len(data))),
        budget=str(allowance.named),
        spent=allowance.seconds_used,
        trying=trying,
        proving=proving,
        within=_is_enough(trying, proving, len(arms), request, allowance),
        domains=tuple(SourceDomain(one.name, len(one.train), len(one.validation)) for one in domains.sources),
        classes=domains.shared,
        only_in_target=domains.only_in_target if len(target.test) else (),
        distance=_distance(domains, [*models, *(one for one in data if one.options.learned)], run),
        chosen_by=label_free_terms(domains.task),
        n_seeds=request.seeds,
    )


class _Costs:
    """Seconds of a fit, foretold from the first batches: the sources' items stand for those of both domains."""

    def __init__(self, domains: Domains, run: Run) -> None:
        self._n_items = len(domains.labelled)
        self._costs = Costs(domains.pooled(), run)

    def expected(self, arm: Arm) -> float:
        """Of the arm's network; without a model that is the default one."""
        network = tuple(source for source in arm.sources if not source.lends_data)
        batches = 1.0 if arm.method.is_baseline or not arm.method.steps(self._n_items) else BOTH
        return batches * self._costs.expected(replace(arm, sources=network), arm.method, self._n_items)


def _further_seeds(arm: Arm, arms: Sequence[Arm], expected: dict[str, float], n_seeds: int) -> float:
    """What the proof of an arm takes beside the fits there are already; any may come to be chosen."""
    if arm.baseline is None:
        return 0.0
    baseline = next(one for one in arms if one.name == arm.baseline)
    drawn = [one for one in (arm, baseline) if not one.method.deterministic]
    return (n_seeds - 1) * sum(expected[one.name] for one in drawn)


def _reason(arm: Arm) -> str:
    if arm.baseline is None:
        return "learned from the source and used as it is: what the others are compared with"
    return "trains the network" if arm.method.steps(1) else "closed form on features"


def _untried(arms: Sequence[Arm], target: Target, n_data: int) -> list[DroppedArm]:
    """The other methods of these families, those with one reason together."""
    tried = {arm.method.name for arm in arms}
    by_reason: dict[str, list[str]] = {}
    for name, cls in sorted(registry.find("methods").items()):
        family = cls.__module__.split(".")[-2]
        if name not in tried and family in FAMILIES and not cls.is_baseline:
            by_reason.setdefault(_why_not(cls, target, n_data), []).append(name)
    return [DroppedArm(", ".join(names), reason) for reason, names in by_reason.items()]


def _why_not(cls: type[Method], target: Target, n_data: int) -> str:
    if cls.needs.target_labels:
        return "needs some labels of the target"
    if cls.needs.data[0] > n_data:
        return f"takes {cls.needs.data[0]} sources of labelled data or more"
    if cls.needs.features and not target.task.needs_features:
        return f"works on one feature vector an item, and task {target.task.name} has none"
    if not cls().suits(target.task):
        return f"does not suit task {target.task.name}"
    return "only where you name it, as in compare --method" if cls.tried_on == "named" else "fits none of the sources"


def _is_enough(trying: float, proving: float, n_arms: int, request: Request, allowance: Allowance) -> bool:
    """Whether every arm can be tried, and the proof made with every seed."""
    trials = allowance.budget.trials
    if trials is not None:
        return trials >= n_arms + 2 * (request.seeds - 1) * bool(len(request.target.test))
    kept = (RESERVE if len(request.target.test) else CHOOSING) * (allowance.budget.seconds or 0.0)
    fits = allowance.budget == Budget() or trying <= allowance.seconds_left - kept
    return fits and trying + proving <= allowance.seconds_left


def _distance(domains: Domains, models: Sequence[Source], run: Run) -> float | None:
    """None where there are no features to measure it on; the arms that need some say why."""
    try:
        return shift_of(domain_features(domains, models, run))
    except TransferkitError:
        return None
