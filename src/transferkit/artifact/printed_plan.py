"""Printed plan: what a study means to do, for the terminal - the target first, then the arms in turn, then what was dropped."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from transferkit.artifact import wording
from transferkit.artifact.printed import as_text, table
from transferkit.evaluate.planned import Plan, Profile

if TYPE_CHECKING:
    from rich.console import RenderableType

FAR = 1.0
"""Shift from which a source's inputs are called unlike the target's."""


def printed_plan(plan: Plan, width: int | None = None) -> str:
    """A plan as plain text, `width` columns wide (default: the terminal's)."""
    return as_text(plan_renderable(plan), width)


def plan_renderable(plan: Plan) -> RenderableType:
    """What rich draws."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [Text(said_of(plan.profile), style="bold"), ""]
    short = wording.shortener([*(arm.name for arm in plan.arms), *(one.name for one in plan.dropped)])
    said = shifts(plan.profile, short)
    if said:
        parts += [said, ""]
    tried = table("try", "arm", "settings", "a fit", "why")
    for place, arm in enumerate(plan.arms, start=1):
        name = Text(short(arm.name) + " (pinned)" * arm.pinned)
        tried.add_row(str(place), name, str(arm.n_settings), wording.duration(arm.seconds), Text(arm.reason))
    parts.append(tried)
    if plan.dropped:
        dropped = table("not tried", "because")
        for one in plan.dropped:
            dropped.add_row(Text(short(one.name)), Text(one.reason))
        parts += ["", dropped]
    return Group(*parts, "", Text(cost_sentence(plan)))


def said_of(profile: Profile) -> str:
    """The target in one sentence."""
    parts = [f"{wording.counted(profile.n_labels, 'label')} to learn from"]
    if profile.n_classes and profile.labels_per_class:
        least, median, most = profile.labels_per_class
        spread = f"{least}" if least == most else f"{least} to {most}, usually {median:g}"
        parts.append(f"{wording.counted(profile.n_classes, 'class', 'classes')} with {spread} each")
    parts.append(f"{profile.n_test} sealed for the proof")
    if profile.n_unlabelled:
        parts.append(f"{profile.n_unlabelled} unlabelled")
    if profile.item_size:
        parts.append("{} x {} pixels".format(*profile.item_size))
    return f"{profile.modality.capitalize()} {profile.task}: {', '.join(parts)}."


def cost_sentence(plan: Plan) -> str:
    """What the study is expected to take, against its budget."""
    said = (
        f"Expected: {wording.duration(plan.total)} in all - {wording.duration(plan.spent)} for ranking and this plan, about "
        f"{wording.duration(plan.trying)} for the trials, about {wording.duration(plan.proving)} for {_proof(plan)}"
    )
    if plan.budget == "no limit":
        return f"{said}. No budget was named: all of it runs."
    if plan.within:
        return f"{said}. The budget of {plan.budget} is enough."
    return f"{said}. That is more than the budget of {plan.budget}: the trials end early, and there may be fewer seeds."


def _proof(plan: Plan) -> str:
    if plan.cross_fitted:
        return "a proof by cross-fitting, for there are too few labels to seal a test"
    return "the proof of the leader"


def shifts(profile: Profile, short: Callable[[str], str]) -> str:
    """How unlike the target is to what each source has seen."""
    known = sorted((value, name) for name, value in profile.shifts.items() if value is not None)
    if not known:
        return ""
    listed = ", ".join(f"{short(name)} {value:.1f}{' (far)' if value >= FAR else ''}" for value, name in known)
    return f"Shift from what each source was trained on, in standard deviations: {listed}."
