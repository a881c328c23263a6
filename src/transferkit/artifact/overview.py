"""Overview: what came of several targets, a row each in words, for terminal and report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transferkit.artifact import wording
from transferkit.evaluate.summary import ArmSummary, StudySummary
from transferkit.evaluate.target_result import TargetResult

WAITING = "not begun"


@dataclass(frozen=True)
class OverviewRow:
    """One target as a person reads it."""

    target: str
    word: str
    """Of its verdict, "failed" or "waiting": for colour."""
    verdict: str
    arm: str
    """What was chosen, and what the gain is of."""
    gain: str
    interval: str
    unit: str
    """Of the gain: "accuracy points"."""
    note: str
    """What the gain leaves open: a bound where there are no labels, the reason where there is no study."""


def overview_row(result: TargetResult) -> OverviewRow:
    """One target's row."""
    summary = result.summary
    if summary is None:
        word, title = ("failed", "Failed") if result.failed else ("waiting", WAITING.capitalize())
        return OverviewRow(result.name, word, title, "", "", "", "", result.failed)
    chosen, metric, gain = judged_arm(summary), summary.metric, summary.gain
    digits = wording.digits_for([gain] if gain else [], metric)
    return OverviewRow(
        target=result.name,
        word="interrupted" if result.interrupted else summary.verdict,
        verdict=wording.headline(summary),
        arm=chosen.name if chosen else "",
        gain=wording.difference(gain.mean, metric, digits) if gain else "",
        interval=wording.interval(gain, metric, digits) if gain else "",
        unit=f"{wording.metric_name(metric)} {metric.unit}",
        note=_note(summary, chosen),
    )


def judged_arm(summary: StudySummary) -> ArmSummary | None:
    """The arm that the verdict is on; None where nothing was chosen."""
    by_status = {arm.status: arm for arm in reversed(summary.arms)}
    by_name = {arm.name: arm for arm in summary.arms}
    return by_status.get("chosen") or by_name.get(summary.best)


def _note(summary: StudySummary, chosen: ArmSummary | None) -> str:
    if summary.extra.get("interrupted"):
        return "stopped before the proof; the same command goes on"
    returned = f"you get {summary.best}" if chosen is not None and chosen.name != summary.best else ""
    return "; ".join(filter(None, [bounded(summary), returned]))


def bounded(summary: StudySummary) -> str:
    """What can be said of the gain where no label could be looked at, in a few words; "" where it was measured."""
    about = summary.extra.get("adaptation")
    if not about or summary.gain:
        return ""
    if "most" not in about:
        return "cannot be verified without labels"
    if not about["most"]:
        return f"makes no difference on {about['n_judged']} items" if "n_judged" in about else "makes no difference"
    if measure := about.get("most_of"):  # of numbers, in the unit of the labels
        return f"unverified: between -{about['most']:.3g} and {about['most']:.3g} {measure}; label the items named"
    most, reach = (f"{100 * about[key]:.1f}" for key in ("most", "reach"))
    said = f"unverified: between -{most} and {most} accuracy points"
    return f"{said}; label {about['n_deciding']} items to know it to within {reach}"


def bounds(summary: StudySummary) -> tuple[float, float] | None:
    """What the gain lies between where no label could be looked at, in the unit of the metric; None where that is not known."""
    about = summary.extra.get("adaptation") or {}
    if summary.gain or "most" not in about:
        return None
    measure = str(about.get("most_of", "accuracy")).lower()
    most = about["most"] * summary.metric.scale
    return (-most, most) if measure == summary.metric.name else None


def sentence(results: Sequence[TargetResult]) -> str:
    """All of them in one line: "3 targets: 2 helps, 1 failed".

    >>> sentence([TargetResult("a", failed="no labels"), TargetResult("b")])
    '2 targets: 1 failed, 1 not begun'
    """
    titles = [overview_row(result).verdict.lower() for result in results]
    counts = ", ".join(f"{titles.count(title)} {title}" for title in dict.fromkeys(titles))
    return f"{wording.counted(len(results), 'target')}: {counts}"
