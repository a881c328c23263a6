"""Plan kept: beside each arm that was planned, what became of it - for the report of the finished study."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from transferkit.evaluate.planned import DroppedArm
from transferkit.evaluate.summary import RankedSource
from transferkit.planner.findings import Findings


def plan_kept(findings: Findings) -> list[dict[str, Any]]:
    """A row an arm: what a fit was expected to take, what all its fits took, what became of it and why; the dropped ones last.

    Empty where the person named the arms.
    """
    if findings.plan is None:
        return []
    claimed = {name for claim in findings.claims for name in (claim.arm.name, claim.baseline.name)}
    planned = {one.name: one for one in findings.plan.arms}
    rows = []
    for arm in findings.arms:
        fits = findings.tried.all(arm)
        refits = findings.refits.seconds.get(arm.name, [])
        if not (fits or refits):
            status = "not tried"
        elif arm.name in claimed:
            proven, first = arm.name in findings.evidence, findings.claims[0]
            status = "proven" if proven else "chosen" if arm.name == first.arm.name else "tried"
        else:
            status = "tried"
        one = planned.get(arm.name)
        rows.append(
            {
                "arm": arm.name,
                "expected_seconds": None if one is None else one.seconds,
                "fits": len(fits) + len(refits),
                "seconds": sum(result.seconds for result in fits) + sum(refits),
                "status": status,
                "reason": _reason(arm.name, claimed, findings, "" if one is None else one.reason),
            }
        )
    tried = {arm.name for arm in findings.arms}
    for dropped in findings.plan.dropped:
        if dropped.name in tried:
            continue
        rows.append(
            {
                "arm": dropped.name,
                "expected_seconds": None,
                "fits": 0,
                "seconds": 0.0,
                "status": "dropped",
                "reason": dropped.reason,
            }
        )
    return rows


def about_untried(findings: Findings) -> list[str]:
    """What a person should know of sources that looked better than any that was tried; nothing where no plan was made."""
    if findings.plan is None or findings.interrupted:
        return []
    contenders = [arm for arm in findings.arms if arm.baseline is not None]
    fitted = [arm for arm in contenders if arm.taken or findings.tried.all(arm)]
    tried = {name for arm in fitted for name in arm.source_names}
    waiting = [DroppedArm(arm.name, "the budget ended before its turn") for arm in contenders if arm not in fitted]
    return untried(findings.ranking.rows, tried, (*findings.plan.dropped, *waiting))


def about_taken(findings: Findings) -> list[str]:
    """That an arm was proven without a trial, and why; nothing where trials decided."""
    reasons = {one.name: one.reason for one in findings.plan.arms} if findings.plan is not None else {}
    return [f"{arm.name}: {reasons[arm.name]}" for arm in findings.arms if arm.taken]


def untried(rows: Sequence[RankedSource], tried: Collection[str], dropped: Sequence[DroppedArm]) -> list[str]:
    """A line for each source in front of the first that was tried, with the first reason; what a person dropped is known.

    `rows`: the ranking, best first. `tried`: names of sources. `dropped`: arms that never ran.
    """
    lines = []
    for row in rows:
        if row.name in tried:
            break
        reason = next((arm.reason for arm in dropped if arm.name.endswith(f" < {row.name}")), "you dropped it")
        if row.predicted is not None and reason != "you dropped it":
            lines.append(f"{row.name} promised more than what was tried (predicted {row.predicted:.2f}), but {reason}")
    return lines


def _reason(name: str, claimed: set[str], findings: Findings, planned: str) -> str:
    """Why it was tried, or why it went no further."""
    return planned if name in claimed else findings.tried.beaten.get(name, planned)
