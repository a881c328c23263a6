"""Taken: the arm that a study proves without a trial, where labels are a handful and one way is usually best.

A few validation items cannot tell a good arm from a fair one: where four are held out, each of them is 25 points. What an
architecture's file says of such networks in general (`WITH_FEW_LABELS`) is then worth more than what trials say, and costs
nothing. The arm and its baseline are fitted to every label at their first settings, and proven as any other. See
docs/decisions/0016-a-handful-of-labels.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from transferkit.artifact.wording import counted
from transferkit.core.method import Method
from transferkit.core.source import Source
from transferkit.core.spelling import read_method
from transferkit.core.target import Target
from transferkit.evaluate.planned import DroppedArm
from transferkit.planner.arms import Arm
from transferkit.planner.costs import DEAR_SHARE, Costs
from transferkit.planner.usual import as_usual
from transferkit.sources import architectures


def with_few_labels(source: Source, target: Target) -> Method | None:
    """What usually serves this source's network best with as few labels as the target has, where that is known."""
    architecture, task = source.card().architecture, target.task
    if architecture is None or not task.balances:
        return None
    spelled = architectures.usually_best(architecture, len(target.whole().train))
    return None if spelled is None else read_method(spelled)


@dataclass(frozen=True)
class Taken:
    """The arms that are left: the one that is taken, after its baseline."""

    arms: tuple[Arm, ...]
    reason: str
    dropped: tuple[DroppedArm, ...]


def taken(arms: Sequence[Arm], first: Source, target: Target, costs: Costs, seconds_left: float) -> Taken | None:
    """What is usually best on the source that ranks first, for so few labels; None where trials are to decide.

    They are where the labels are more than a handful, nothing is known of such networks, the arm is not among these, or what is
    left of the budget does not fit it and its baseline once.
    """
    n, method = len(target.whole().train), with_few_labels(first, target)
    if method is None:
        return None
    (wanted,) = as_usual([Arm(method.name, method, (first,), "")], target.modality)
    found = next((arm for arm in arms if (arm.method, arm.sources) == (wanted.method, (first,))), None)
    if found is None:
        return None
    baseline = next(arm for arm in arms if arm.name == found.baseline)
    if sum(costs.expected(arm, arm.method, n) for arm in (baseline, found)) > DEAR_SHARE * seconds_left:
        return None
    too_few = f"{counted(n, 'label')} are too few to choose by trials"
    return Taken(
        arms=(baseline, replace(found, taken=True)),
        reason=f"taken without a trial: {too_few}, and with so few this usually serves such networks best",
        dropped=tuple(
            DroppedArm(arm.name, f"{too_few}; {found.name} is taken")
            for arm in arms
            if arm.baseline is not None and arm != found
        ),
    )
