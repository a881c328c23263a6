"""Further metrics: what every metric but that of choice says of the proven arms. Described, not claimed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from transferkit.evaluate.proof import Proven
from transferkit.evaluate.summary import Gain
from transferkit.planner.arms import Arm
from transferkit.planner.findings import Findings


def metrics_of(arm: Arm, findings: Findings) -> dict[str, float]:
    """Test value by metric, mean over seeds, that of choice first; none for an arm that was not proven."""
    proven = findings.evidence.get(arm.name)
    if proven is None:
        return {}
    further = {name: float(table.mean()) for name, table in proven.further.items()}
    return {findings.trials.target.task.metric.name: proven.value, **further}


def further_gains(arm: Arm, findings: Findings) -> dict[str, Gain]:
    """Paired gain over the baseline by every metric but that of choice, each interval at 95 % by itself."""
    claim = next((c for c in findings.claims if c.arm == arm), None)
    if claim is None or arm.name not in findings.evidence or not findings.seeds_of(claim):
        return {}
    seeds, labels = findings.seeds_of(claim), (findings.test.labels if findings.test else None) or ()
    gains = {}
    for metric in findings.trials.target.task.metrics[1:]:
        sides = [_rows(findings, name, metric.name, seeds) for name in (arm.name, claim.baseline.name)]
        if sides[0] is None or sides[1] is None:
            continue  # `left_out` says why
        gains[metric.name] = findings.paired_gain(
            sides[0], sides[1], metric.higher_is_better, step=metric.step(labels), reach=metric.reach
        )
    return gains


def left_out(findings: Findings) -> list[str]:
    """Why a metric could not be computed: a line each."""
    arms: Sequence[Proven] = tuple(findings.evidence.values())
    return sorted({reason for proven in arms for reason in proven.left_out.values()})


def _rows(findings: Findings, arm: str, metric: str, seeds: Sequence[int]) -> np.ndarray | None:
    """(len(seeds), n_items); None where the metric could not be computed for this arm."""
    table = findings.evidence[arm].further.get(metric)
    return None if table is None else findings.rows(arm, table, seeds)
