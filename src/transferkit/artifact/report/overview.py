"""Overview report: several targets' studies in one HTML file, with a picture of their gains and a link to each report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import isfinite
from urllib.parse import quote

from markupsafe import Markup

from transferkit.artifact.overview import OverviewRow, bounds, overview_row, sentence
from transferkit.artifact.report import environment
from transferkit.artifact.report.axis import Axis, axis_over, element, percent
from transferkit.artifact.report.forest import background, directions, lane, scale_line
from transferkit.evaluate.summary import StudySummary
from transferkit.evaluate.target_result import TargetResult


@dataclass(frozen=True)
class Drawn:
    """One target's row, with its picture and where its own report lies."""

    told: OverviewRow
    sentence: str
    link: str
    """Relative to the overview; "" where there is none."""
    picture: Markup


@dataclass(frozen=True)
class Group:
    """Targets judged by one metric, on one axis."""

    unit: str
    rows: tuple[Drawn, ...]
    directions: Markup
    scale: Markup


def render_overview(results: Sequence[TargetResult]) -> str:
    """The report's HTML; it lists every target, those without a study with the reason."""
    without = [overview_row(one) for one in results if one.summary is None]
    return (
        environment()
        .get_template("overview.html.jinja")
        .render(
            title=sentence(results),
            groups=_groups(results),
            without=without,
            css=files(__package__).joinpath("templates", "report.css").read_text(encoding="utf-8"),
        )
    )


def _groups(results: Sequence[TargetResult]) -> list[Group]:
    by_metric: dict[str, list[tuple[TargetResult, StudySummary]]] = {}
    for one in results:
        if one.summary is not None:
            by_metric.setdefault(overview_row(one).unit, []).append((one, one.summary))
    return [_group(unit, members) for unit, members in by_metric.items()]


def _group(unit: str, members: Sequence[tuple[TargetResult, StudySummary]]) -> Group:
    ends = [end for _, summary in members for end in _ends(summary) if isfinite(end)]
    reach = max(map(abs, ends), default=1.0)
    axis = axis_over([*ends, -reach / 4, reach / 4], wanted_ticks=6)  # room for words on either side of 0
    rows = tuple(
        Drawn(overview_row(one), summary.sentence, f"{quote(one.name)}/report.html", _picture(summary, axis))
        for one, summary in members
    )
    return Group(unit, rows, directions(axis), scale_line(axis))


def _ends(summary: StudySummary) -> list[float]:
    """Of the gain, or what it lies between as far as is known without labels; in points."""
    scale, gain = summary.metric.scale, summary.gain
    if gain is not None:
        return [scale * bound for bound in (gain.low, gain.mean, gain.high)]
    return list(bounds(summary) or ())


def _picture(summary: StudySummary, axis: Axis) -> Markup:
    """The gain's interval; a dashed line without a dot where only its bounds are known."""
    scale, gain = summary.metric.scale, summary.gain
    if gain is not None:
        return lane(gain, summary.verdict, axis, scale, float(summary.extra.get("margin") or 0.0))
    if not (ends := _ends(summary)):
        return Markup("")
    low, high = (percent(axis.place(end)) for end in ends)
    line = element("line", class_="reach", x1=low, x2=high, y1=0, y2=0, stroke_dasharray="3 6")
    middle = element("svg", line, y="50%", overflow="visible")
    return element("svg", *background(axis), middle, class_="lane undecided", aria_hidden="true")
