"""Proposal: which arms a study tries, in which order, and why the others are dropped.

Every usable source gets the methods that cost seconds; the promising ones also those that train the network. A source is
promising where it belongs to the fewest that hold the best one with a chance of 90 % (see `docs/ranking.md`). An arm that
cannot be tried and proven within the budget is dropped at once, and not when the money is gone. Where labels are a handful
one arm is taken without a trial (`planner/taken.py`), unless a person adds or pins others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from transferkit.core import registry
from transferkit.core.errors import WrongUse
from transferkit.core.method import Method, trainable_by
from transferkit.core.source import Source
from transferkit.core.target import Target
from transferkit.evaluate.planned import DroppedArm
from transferkit.evaluate.ranking import likely_best
from transferkit.evaluate.summary import RankedSource
from transferkit.planner.arms import Arm, suited, with_baselines
from transferkit.planner.costs import DEAR_SHARE, Costs
from transferkit.planner.ranking import Ranking
from transferkit.planner.stand_ins import grouped, stand_ins
from transferkit.planner.taken import taken, with_few_labels
from transferkit.planner.usual import as_usual
from transferkit.planner.wishes import Wishes
from transferkit.sources import architectures

LEAST_PROMISING, MOST_PROMISING = 2, 4
"""How many sources are worth training on: never fewer, for a ranking may err; never more, for each costs its share."""


@dataclass(frozen=True)
class Proposal:
    """The arms, baselines first, and what was left out."""

    arms: tuple[Arm, ...]
    reasons: dict[str, str]
    """Arm -> why it is tried."""
    dropped: tuple[DroppedArm, ...]
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    """Source -> why the default network stands for its own as baseline."""


@dataclass(frozen=True)
class _Idea:
    """A method on a source, and why it should not be tried; "" where it should."""

    method: Method
    source: Source
    reason: str
    against: str = ""

    @property
    def name(self) -> str:
        return f"{self.method.name} < {self.source.name}"


def propose(
    ranking: Ranking,
    usable: Sequence[Source],
    target: Target,
    costs: Costs,
    wishes: Wishes,
    seconds_left: float = float("inf"),
    known_stand_ins: Mapping[str, str] | None = None,
) -> Proposal:
    """The arms of `transfer`, for usable sources in the order of their ranking.

    `known_stand_ins`: as the study has them that this one is a part of; None: they are found out.
    """
    ideas = _ideas(ranking, usable, target)
    added = wishes.added(usable)
    by_hand = [method for method, _, _ in added if method.is_baseline]
    if len(by_hand) > 1:
        raise WrongUse(f"{len(by_hand)} baselines are added; there is one, name its settings once")
    own_names = [_named(method, sources) for method, _, sources in added]
    wishes.check([*(idea.name for idea in ideas), *own_names])
    wanted: list[tuple[Method, frozenset[str], tuple[Source, ...]]] = []
    reasons: dict[str, str] = {}
    against: dict[str, str] = {}
    for idea in ideas:
        if wishes.pins(idea.name) or not (idea.against or wishes.drops(idea.name)):
            wanted.append((idea.method, frozenset(), (idea.source,)))
            reasons[idea.name] = "you pinned it" if idea.against else idea.reason
        else:
            against[idea.name] = "you dropped it" if wishes.drops(idea.name) else idea.against
    for name, one in zip(own_names, added, strict=True):
        if one not in wanted:
            wanted.append(one)
        reasons[name] = "you added it"
    if not any(not method.is_baseline for method, _, _ in wanted):
        raise WrongUse("every arm was dropped; leave one in, or add one with --add")
    standing = known_stand_ins
    if standing is None:
        standing = stand_ins(
            as_usual(with_baselines(wanted, target.modality), target.modality), target, costs, seconds_left
        )
    # Where two arms share method and sources their settings are part of the name; a lone one is called by its method.
    arms = []
    for arm in suited(with_baselines(wanted, target.modality, standing), target.task):
        spelled = _named(arm.method, arm.sources)
        reasons.setdefault(arm.name, reasons.get(spelled, ""))
        arms.append(replace(arm, pinned=wishes.pins(arm.name) or (arm.baseline is not None and wishes.pins(spelled))))
    names = {arm.name for arm in arms}
    said = "; ".join(f"in place of {names}'s own network: {why}" for names, why in grouped(standing).items())
    reasons |= {arm.baseline: said for arm in arms for s in arm.sources if arm.baseline and s.name in standing}
    arms = as_usual(arms, target.modality)
    without_trial = None
    if not wishes.pin and all(method.is_baseline for method, _, _ in added):
        without_trial = taken(arms, usable[0], target, costs, seconds_left)
    if without_trial is not None:
        arms = list(without_trial.arms)
        reasons[arms[-1].name] = without_trial.reason
    arms, too_dear = _affordable(arms, target, costs, seconds_left)
    unusable = [DroppedArm(row.name, row.note) for row in ranking.rows if not row.is_usable]
    dropped = [DroppedArm(name, why) for name, why in against.items() if name not in names]
    dropped += without_trial.dropped if without_trial is not None else ()
    return Proposal(tuple(arms), reasons, (*unusable, *dropped, *too_dear), standing)


def _named(method: Method, sources: Sequence[Source]) -> str:
    """As a person spells an arm, settings included."""
    return f"{method} < {' + '.join(source.name for source in sources)}"


def _ideas(ranking: Ranking, usable: Sequence[Source], target: Target) -> list[_Idea]:
    """What costs seconds on every source first, then training on the promising ones."""
    methods = _methods(target)
    rows = {row.name: row for row in ranking.rows}
    ideas = [
        _Idea(method, source, "costs seconds once the features are there")
        for method in methods
        if method.tried_on == "every"
        for source in usable
    ]
    ideas += [
        _Idea(method, source, "costs seconds, and learns from the rows themselves, as no network does")
        for source in usable
        for method in _on_rows(source, target)
    ]
    ideas += [
        _Idea(method, source, "costs seconds, and often serves networks of this architecture best")
        for source in usable
        for method in _methods(target, _good_on(source))
        if method.tried_on == "named"
    ]
    likely = likely_best(ranking.rows)
    for method in methods:
        for place, source in enumerate(usable if method.tried_on == "promising" else (), start=1):
            row = rows[source.name]
            against = (
                _no_promise(place, row, likely) if trainable_by(method, source) else "its weights cannot be trained"
            )
            ideas.append(_Idea(method, source, _promise(place, row), against))
    few = with_few_labels(usable[0], target)
    if few is not None and not any((idea.method, idea.source) == (few, usable[0]) for idea in ideas):
        ideas.append(_Idea(few, usable[0], "usually serves networks of this architecture best with so few labels"))
    return ideas


def _good_on(source: Source) -> Collection[str]:
    """Methods that the source's architecture asks for beside the usual ones."""
    architecture = source.card().architecture
    return () if architecture is None else architectures.good_methods(architecture)


def _methods(target: Target, others: Collection[str] = ()) -> list[Method]:
    """Methods that are tried unasked, and `others` by name, which take one model and what this target has."""
    found = []
    for name, cls in registry.find("methods").items():
        needs = cls.needs
        if cls.tried_on == "named" and name not in others:
            continue
        if not needs.models[0] <= 1 <= needs.models[1] or needs.data[0]:
            continue
        if (needs.features and not target.task.needs_features) or (needs.unlabelled and not len(target.unlabelled)):
            continue
        if (method := cls()).suits(target.task):
            found.append(method)
    return sorted(found, key=lambda method: method.name)


def _on_rows(source: Source, target: Target) -> list[Method]:
    """Methods that are tried unasked and learn from the rows of two tables, where these are two."""
    if not (source.lends_data and target.modality == source.card().modality == "tabular"):
        return []
    known = registry.find("methods").values()
    asked = [cls for cls in known if cls.tried_on == "every" and cls.needs.data[0] and cls.needs.target_labels]
    return [method for cls in asked if (method := cls()).suits(target.task)]


def _promise(place: int, row: RankedSource) -> str:
    if row.predicted is None:
        return f"place {place} of the sources, which were not ranked"
    return f"place {place} of the ranking, predicted {_between(row)}"


def _no_promise(place: int, row: RankedSource, likely: Collection[str]) -> str:
    """Why training on the source in this place is not worth its cost; "" where it is."""
    if place <= LEAST_PROMISING:
        return ""
    if row.above_floor is False:
        return "its features do no better than random ones"
    if row.name not in likely:
        return f"a chance of {100 * (row.chance or 0.0):.0f} % to be the best source"
    if place > MOST_PROMISING:
        return f"place {place} of the ranking; the first {MOST_PROMISING} are enough to train on"
    return ""


def _between(row: RankedSource) -> str:
    return f"{row.predicted:.2f}" + ("" if row.low is None else f" ({row.low:.2f} to {row.high:.2f})")


def _affordable(
    arms: Sequence[Arm], target: Target, costs: Costs, seconds_left: float
) -> tuple[list[Arm], list[DroppedArm]]:
    """Without the arms that cannot be tried and proven once with what is left; the cheapest pair stays in any case."""
    if seconds_left == float("inf"):
        return list(arms), []
    n_whole, n_fold = len(target.whole().train), len(target.train)
    by_name = {arm.name: arm for arm in arms}

    def price(arm: Arm) -> float:
        pair = (arm, by_name[arm.baseline or ""])
        return sum(costs.expected(one, one.method, n_whole) + costs.expected(one, one.method, n_fold) for one in pair)

    prices = {arm.name: price(arm) for arm in arms if arm.baseline is not None}
    limit = max(DEAR_SHARE * seconds_left, min(prices.values(), default=0.0))
    kept = [arm for arm in arms if arm.baseline is None or arm.pinned or prices[arm.name] <= limit]
    needed = {arm.baseline for arm in kept}
    compared = {arm.baseline for arm in arms if arm.baseline is not None}
    dropped = [
        DroppedArm(
            arm.name,
            f"to try and prove it once beside its baseline takes about {prices[arm.name]:.0f} s, "
            f"and {seconds_left:.0f} s of the budget are left",
        )
        for arm in arms
        if arm not in kept
    ]
    return [arm for arm in kept if arm.baseline is not None or arm.name in needed or arm.name not in compared], dropped
