"""Further metrics: an arm and its baseline by every metric but that of the verdict, in words, for terminal and report."""

from __future__ import annotations

from dataclasses import dataclass

from transferkit.artifact import wording
from transferkit.evaluate.summary import ArmSummary, MetricInfo, StudySummary

CAVEAT = "Described, not claimed: each 95 % interval stands alone, and with many of them one misses now and then."

_BELOW_ZERO = "A calibration error below 0 says that no miscalibration was found."


@dataclass(frozen=True)
class FurtherMetric:
    """One metric of one arm, as a person reads it."""

    metric: str
    better: str
    """Which way is better: "higher", "lower"."""
    baseline: str
    arm: str
    gain: str
    """In the metric's points, positive where the arm is better."""
    interval: str


def chosen_arm(summary: StudySummary) -> ArmSummary | None:
    """The arm the verdict is on, where it was proven by more than one metric."""
    return next((arm for arm in summary.arms if arm.status == "chosen" and arm.further_gains), None)


def caveat(arm: ArmSummary | None, summary: StudySummary) -> str:
    """How to read the rows of an arm and its baseline."""
    shown = [one for one in summary.arms if arm is not None and one.name in (arm.name, arm.baseline)]
    below = any(one.metrics.get("calibration_error", 0.0) < 0 for one in shown)
    return f"{CAVEAT} {_BELOW_ZERO}" if below else CAVEAT


def further_metrics(arm: ArmSummary, summary: StudySummary) -> list[FurtherMetric]:
    """One row for each metric that both the arm and its baseline were judged by, in the task's order."""
    by_name = {other.name: other for other in summary.arms}
    baseline = by_name[arm.baseline].metrics if arm.baseline in by_name else {}
    return [
        _row(info, arm, baseline)
        for info in summary.metrics
        if info.name in arm.further_gains and info.name in baseline
    ]


def _row(info: MetricInfo, arm: ArmSummary, baseline: dict[str, float]) -> FurtherMetric:
    gain = arm.further_gains[info.name]
    digits = wording.digits_for([gain], info)
    return FurtherMetric(
        metric=wording.metric_name(info),
        better="higher" if info.higher_is_better else "lower",
        baseline=wording.value(baseline[info.name], info),
        arm=wording.value(arm.metrics.get(info.name), info),
        gain=wording.difference(gain.mean, info, digits),
        interval=wording.interval(gain, info, digits),
    )
