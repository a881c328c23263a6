"""Printed adaptation plan: what a study means to do whose target has no labels to learn from, for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transferkit.artifact import wording
from transferkit.artifact.printed import as_text, table
from transferkit.artifact.printed_plan import said_of, shifts
from transferkit.evaluate.planned_adaptation import AdaptationPlan

if TYPE_CHECKING:
    from rich.console import RenderableType


def printed_adaptation_plan(plan: AdaptationPlan, width: int | None = None) -> str:
    """A plan as plain text, `width` columns wide (default: the terminal's)."""
    return as_text(adaptation_plan_renderable(plan), width)


def adaptation_plan_renderable(plan: AdaptationPlan) -> RenderableType:
    """What rich draws."""
    from rich.console import Group
    from rich.text import Text

    short = wording.shortener(arm.name for arm in plan.arms)
    parts: list[RenderableType] = [Text(said_of(plan.profile), style="bold"), Text(domains_sentence(plan))]
    parts += [Text(said) for said in (shifts(plan.profile, short),) if said]
    tried = table("try", "arm", "a fit", "why")
    for place, arm in enumerate(plan.arms, start=1):
        tried.add_row(str(place), Text(short(arm.name)), f"about {wording.duration(arm.seconds)}", Text(arm.reason))
    parts += ["", tried, ""]
    if plan.dropped:
        dropped = table("not tried", "because")
        for one in plan.dropped:
            dropped.add_row(Text(one.name), Text(one.reason))
        parts += [dropped, ""]
    return Group(*parts, Text(choice_sentence(plan)), Text(proof_sentence(plan)), Text(cost_sentence(plan)))


def domains_sentence(plan: AdaptationPlan) -> str:
    """What is learned from, and how far it lies from the target."""
    learned = ", ".join(f"{one.name} ({one.n_labelled} labelled, {one.n_held_out} held out)" for one in plan.domains)
    said = f"Nothing is learned from labels of the target; learned from: {learned}."
    if plan.classes:
        said += f" {wording.counted(len(plan.classes), 'class', 'classes')}: {wording.few(plan.classes)}."
    if plan.only_in_target:
        said += f" No source has {wording.few(plan.only_in_target)}."
    if plan.distance is not None:
        said += f" Proxy A-distance {plan.distance:.1f}, where 0 is one domain and 2 are two told apart without error."
    return said


def choice_sentence(plan: AdaptationPlan) -> str:
    """How is chosen where no label says it."""
    if not plan.chosen_by:
        return f"Chosen: nothing, for no label-free score is known for task {plan.profile.task}."
    names = ", ".join(name.replace("_", " ") for name in plan.chosen_by)
    together = " together" if len(plan.chosen_by) > 1 else ""
    return f"Chosen without target labels, by {names}{together}; the baseline is left only for an arm that is clearly better."


def proof_sentence(plan: AdaptationPlan) -> str:
    """What will be said in the end."""
    if plan.is_proven:
        labels = wording.counted(plan.profile.n_test, "sealed label")
        return f"Then a verdict on {labels}, by {wording.counted(plan.n_seeds, 'seed')}."
    return (
        "Then no verdict: without labels a gain is bounded by how far two models disagree on the items, and 30 items "
        "are named whose labels would tell it."
    )


def cost_sentence(plan: AdaptationPlan) -> str:
    """What the study is expected to take, against its budget."""
    proof = f", at most about {wording.duration(plan.proving)} for the proof of one" if plan.is_proven else ""
    said = f"Expected: {wording.duration(plan.spent)} for this plan, about {wording.duration(plan.trying)} for the arms{proof}"
    if plan.budget == "no limit":
        return f"{said}. No budget was named: all of it runs."
    if plan.within:
        return f"{said}. The budget of {plan.budget} is enough."
    fewer = ", and there may be fewer seeds" if plan.is_proven else ""
    return f"{said}. That is more than the budget of {plan.budget} gives: the last arms are not tried{fewer}."
