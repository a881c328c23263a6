"""Plan kept: beside each arm that was planned, what became of it - for the report of the finished study."""

from __future__ import annotations

from typing import Any

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
        if not fits:
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


def _reason(name: str, claimed: set[str], findings: Findings, planned: str) -> str:
    """Why it was tried, or why it went no further."""
    return planned if name in claimed else findings.tried.beaten.get(name, planned)
