"""Planning: from a ranking to a plan - the arms, what they cost, and how the budget is going to be spent.

The expected cost of the trials comes from a rehearsal: the rungs are gone through with results made up so that the arms
stand as the ranking has them. What happens to other arms in truth costs about as much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transferkit.core.budget import Budget
from transferkit.core.sealing import OUTER_FOLDS
from transferkit.core.target import Target
from transferkit.evaluate.planned import Plan, PlannedArm
from transferkit.evaluate.trial import TrialResult
from transferkit.planner.allowance import Allowance
from transferkit.planner.arms import Arm
from transferkit.planner.costs import Costs
from transferkit.planner.profile import profile
from transferkit.planner.proposal import Proposal, propose
from transferkit.planner.ranking import Ranking
from transferkit.planner.request import Request
from transferkit.planner.rungs import rungs
from transferkit.planner.selection import proof_seconds
from transferkit.planner.tried import Tried

WAITING = "only if an arm on the same network comes to the front"


@dataclass(frozen=True)
class StudyPlan(Plan):
    """A plan; `print` it to read it."""

    def __str__(self) -> str:
        from transferkit.artifact.printed_plan import printed_plan

        return printed_plan(self)


@dataclass(frozen=True)
class Planned:
    """A plan as a person reads it, and the arms it speaks of."""

    plan: StudyPlan
    arms: tuple[Arm, ...]
    costs: Costs
    stand_ins: Mapping[str, str]
    """As `Proposal.stand_ins`."""


def make_plan(request: Request, ranking: Ranking, allowance: Allowance) -> Planned:
    """What a study does with these sources on this target; a few batches are trained to learn what steps cost."""
    target, settings, run = request.target, request.settings(), request.run(allowance)
    usable, _ = ranking.sorted(request.sources)
    costs = Costs(target, run)
    proposal = propose(ranking, usable, target, costs, request.wishes, allowance.seconds_left, request.stand_ins)
    n_whole = len(target.whole().train)
    order, trying = _rehearse(proposal.arms, settings.folds, target, costs)
    leader = next(arm for arm in order if arm.baseline is not None)
    baseline = next(arm for arm in proposal.arms if arm.name == leader.baseline)
    cross_fitted = target.too_small_to_seal
    pair = proof_seconds(leader, baseline, Tried(), costs, n_whole, 1 if cross_fitted else len(settings.seeds))
    proving = pair + OUTER_FOLDS * (trying + pair) if cross_fitted else pair  # one repeat; more as the budget allows
    needed = trying + pair if cross_fitted else trying + proving  # the budget is shared among the folds already
    waiting = tuple(
        PlannedArm(arm.name, costs.expected(arm, arm.method, n_whole), len(arm.candidates()), WAITING)
        for arm in proposal.arms
        if arm not in order
    )
    about = profile(target, usable, run)
    plan = StudyPlan(
        profile=about,
        arms=tuple(_planned(arm, proposal, costs, n_whole) for arm in order) + waiting,
        dropped=proposal.dropped,
        budget=str(allowance.named),
        spent=allowance.seconds_used,
        trying=trying,
        proving=proving,
        within=needed <= allowance.seconds_left
        and _enough_trials(allowance.budget, 1 if cross_fitted else len(settings.seeds)),
        cross_fitted=cross_fitted,
    )
    return Planned(plan, proposal.arms, costs, proposal.stand_ins)


def _planned(arm: Arm, proposal: Proposal, costs: Costs, n_items: int) -> PlannedArm:
    reason = proposal.reasons.get(arm.name) or (
        "what the others are compared with" if arm.method.is_baseline else "you named it"
    )
    n_settings = 1 if any(one.taken for one in proposal.arms) else len(arm.candidates())
    return PlannedArm(arm.name, costs.expected(arm, arm.method, n_items), n_settings, reason, arm.pinned)


def _enough_trials(budget: Budget, n_seeds: int) -> bool:
    return budget.trials is None or budget.trials > 2 * n_seeds


def _rehearse(arms: Sequence[Arm], folds: Sequence[int], target: Target, costs: Costs) -> tuple[list[Arm], float]:
    """The arms in the order in which they are tried, and the seconds that all trials take."""
    if any(arm.taken for arm in arms):
        return list(arms), 0.0
    tried, seconds, order = Tried(), 0.0, []
    places = {arm.name: 1 - place / (len(arms) + 1) for place, arm in enumerate(arms, start=1)}
    for rung in rungs(arms, folds, tried):
        n_items = len(target.fold(rung.fold).train)
        for arm, method in rung.fits:
            seconds += costs.expected(arm, method, n_items)
            tried.add(arm, method, TrialResult("done", 0.0, validation=places[arm.name]), rung.fold)
            if arm not in order:
                order.append(arm)
    return order, seconds
