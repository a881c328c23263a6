"""Results as one plain object for programs; metric values are in people's units (accuracy: points, 0 to 100)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transferkit.core.source import Source
    from transferkit.core.task import Metric
    from transferkit.evaluate.summary import ArmSummary, Gain, MetricInfo, RankedSource, StudySummary
    from transferkit.evaluate.target_result import TargetResult


def study_as_json(summary: StudySummary, out: str | Path | None = None) -> dict[str, Any]:
    """The verdict, the gain, every arm and where the files lie; `report.json` has the rest (curves, mistakes, ...).

    "adaptation", where the target's labels were not learned from: how far apart the domains are, what each arm scores without
    labels, the most that can be gained and which items to label, in shares as in `report.json`; else null.
    """
    metric = summary.metric
    return {
        "verdict": summary.verdict,
        "sentence": summary.sentence,
        "best": summary.best,
        "gain": _gain(summary.gain, metric),
        "unit": _unit(metric),
        "arms": [_arm(arm, summary) for arm in summary.arms],
        "ranking": [_ranked(row, metric.scale) for row in summary.ranking],
        "importances": [
            asdict(one) | {key: _points(getattr(one, key), metric.scale) for key in ("mean", "spread")}
            for one in summary.importances
        ],
        "tags": [asdict(one) | {"average_precision": _points(one.average_precision, 100.0)} for one in summary.tags],
        "target": summary.target,
        "budget": summary.budget,
        "cost": summary.cost,
        "seeds": list(summary.seeds),
        "notes": list(summary.notes),
        "adaptation": summary.extra.get("adaptation"),
        "interrupted": bool(summary.extra.get("interrupted")),
        "out": None if out is None else str(out),
        "report": None if out is None else report_at(out),
    }


def studies_as_json(
    results: Sequence[TargetResult],
    out: str | Path | None = None,
    proposed: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Every target with its study, as `study_as_json` has it, or with the reason why there is none.

    `proposed`: target -> what `candidates_as_json` says of its sources.
    """
    from transferkit.artifact.kept_overview import folder_of

    studies = []
    for one in results:
        said: dict[str, Any] = {"name": one.name, "error": one.failed or None}
        if one.summary is not None:
            said |= study_as_json(one.summary, None if out is None else folder_of(out, one.name))
        studies.append(said | dict((proposed or {}).get(one.name, {})))
    return {
        "studies": studies,
        "out": None if out is None else str(out),
        "report": None if out is None else report_at(out),
    }


def report_at(out: str | Path) -> str:
    """Where the report of a run lies; `out` is a folder or a URL."""
    from transferkit.artifact.kept import REPORT

    return f"{str(out).rstrip('/')}/{REPORT}"


def ranking_as_json(rows: Sequence[RankedSource], metric: Metric | MetricInfo) -> dict[str, Any]:
    """The ranking, the most promising source first."""
    return {
        "best": rows[0].name if rows else None,
        "unit": _unit(metric),
        "ranking": [_ranked(row, metric.scale) for row in rows],
    }


def candidates_as_json(sources: Sequence[Source]) -> dict[str, Any]:
    """What was proposed to a person who named no source, and how much of it was to be downloaded; else nothing."""
    from transferkit.sources.candidates.candidate import Candidates

    if not isinstance(sources, Candidates):
        return {}
    downloads = {"models": len(sources.downloads), "bytes": sum(one.bytes or 0 for one in sources.downloads)}
    return {"candidates": sources.as_rows(), "downloads": downloads, "candidate_notes": list(sources.notes)}


def _arm(arm: ArmSummary, summary: StudySummary) -> dict[str, Any]:
    metric = summary.metric
    known = {info.name: info for info in (metric, *summary.metrics)}
    return asdict(arm) | {
        "validation": _points(arm.validation, metric.scale),
        "test": _points(arm.test, metric.scale),
        "gain": _gain(arm.gain, metric),
        "metrics": {name: _points(value, known[name].scale) for name, value in arm.metrics.items()},
        "further_gains": {name: _gain(gain, known[name]) for name, gain in arm.further_gains.items()},
    }


def _gain(gain: Gain | None, metric: MetricInfo) -> dict[str, Any] | None:
    if gain is None:
        return None
    in_points = {
        key: _points(getattr(gain, key), metric.scale) for key in ("mean", "low", "high", "smallest_detectable")
    }
    return asdict(gain) | in_points | {"unit": _unit(metric)}


def _ranked(row: RankedSource, scale: float) -> dict[str, Any]:
    return asdict(row) | {key: _points(getattr(row, key), scale) for key in ("predicted", "low", "high")}


def _unit(metric: Metric | MetricInfo) -> str:
    return f"{metric.name.replace('_', ' ')} {metric.unit}"


def _points(value: float | None, scale: float) -> float | None:
    return None if value is None else value * scale
