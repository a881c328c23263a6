"""Forest plot: one row an arm, its gain as a dot, its interval as a line, against a line at 0 and the margin's band.

Drawn as a table whose cells hold small SVGs with percent coordinates: names wrap, phones work, screen readers read
numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from markupsafe import Markup

from transferkit.artifact import wording
from transferkit.artifact.report.axis import Axis, axis_over, element, percent
from transferkit.evaluate.summary import ArmSummary, Gain, StudySummary, VerdictWord


@dataclass(frozen=True)
class ForestRow:
    """What one row shows."""

    name: str
    method: str
    baseline: str
    verdict: VerdictWord
    gain: str
    interval: str
    evidence: str
    """Coverage of the interval and what it rests on."""
    chosen: bool
    picture: Markup


@dataclass(frozen=True)
class Forest:
    """The whole plot."""

    rows: tuple[ForestRow, ...]
    directions: Markup
    """"worse" and "better" on their sides of 0."""
    scale: Markup
    n_items: int
    margin: str
    """The margin in points; "" where there is none."""


def forest(summary: StudySummary) -> Forest | None:
    """The plot of all proven arms, None where none was proven."""
    arms = [arm for arm in wording.in_order(summary.arms) if arm.gain and arm.verdict]
    if not arms:
        return None
    scale, margin = summary.metric.scale, float(summary.extra.get("margin") or 0.0)
    bounds = [scale * bound for arm in arms if arm.gain for bound in (arm.gain.low, arm.gain.high, arm.gain.mean)]
    reach = max((abs(bound) for bound in bounds if isfinite(bound)), default=1.0)
    both_sides = [-reach / 4, reach / 4, -scale * margin, scale * margin]  # room for words on either side of 0
    axis = axis_over([*bounds, *both_sides], wanted_ticks=6)
    rows = tuple(_row(arm, arms, axis, summary, margin) for arm in arms)
    shown = f"{scale * margin:.3g}" if margin else ""
    return Forest(rows, directions(axis), scale_line(axis), max(arm.gain.n_items for arm in arms if arm.gain), shown)


def _row(arm: ArmSummary, arms: Sequence[ArmSummary], axis: Axis, summary: StudySummary, margin: float) -> ForestRow:
    assert arm.gain is not None
    assert arm.verdict is not None
    metric, gain = summary.metric, arm.gain
    digits = wording.digits_for([a.gain for a in arms if a.gain], metric)
    return ForestRow(
        name=arm.name,
        method=arm.method,
        baseline=arm.baseline or "",
        verdict=arm.verdict,
        gain=wording.difference(gain.mean, metric, digits),
        interval=wording.interval(gain, metric, digits),
        evidence=f"{wording.level(gain)} interval, {wording.counted(gain.n_seeds, 'seed')}",
        chosen=arm.status == "chosen",
        picture=lane(gain, arm.verdict, axis, metric.scale, margin),
    )


def lane(gain: Gain, word: VerdictWord, axis: Axis, scale: float, margin: float) -> Markup:
    """A gain and its interval. Decorative: the same numbers stand in the row's cells as text."""
    low, mean, high = (percent(axis.place(scale * v)) for v in (gain.low, gain.mean, gain.high))
    marks = [
        element("line", class_="reach", x1=low, x2=high, y1=0, y2=0),
        *(element("line", class_="reach end", x1=end, x2=end, y1=-6, y2=6) for end in (low, high)),
        element("circle", class_="mean", cx=mean, cy=0, r=6.5),
    ]
    middle = element("svg", *marks, y="50%", overflow="visible")
    return element("svg", *background(axis, scale * margin), middle, class_=f"lane {word}", aria_hidden="true")


def background(axis: Axis, margin: float = 0.0) -> list[Markup]:
    """The grid, and the band of differences too small to matter."""
    left, right = axis.place(-margin), axis.place(margin)
    band = element("rect", class_="band", x=percent(left), width=percent(round(right - left, 2)), y=0, height="100%")
    grid = [
        element("line", class_="zero" if tick == 0 else "grid", x1=percent(x), x2=percent(x), y1=0, y2="100%")
        for tick in dict.fromkeys((*axis.ticks, 0.0))
        for x in (axis.place(tick),)
    ]
    return [band, *grid] if margin else grid


def directions(axis: Axis) -> Markup:
    """Which side of 0 is better."""
    zero = percent(axis.place(0.0))
    worse = element("text", "\N{LEFTWARDS ARROW} worse", class_="tick", x=zero, dx=-9, y=14, text_anchor="end")
    better = element("text", "better \N{RIGHTWARDS ARROW}", class_="tick", x=zero, dx=9, y=14)
    return element("svg", worse, better, class_="scale", width="100%", height=20)


def scale_line(axis: Axis) -> Markup:
    """The axis' numbers."""
    step = axis.ticks[1] - axis.ticks[0] if len(axis.ticks) > 1 else 1.0
    digits = max(0, min(4, len(f"{step:.4f}".rstrip("0").partition(".")[2])))
    labels = [
        element("text", _tick(tick, digits), class_="tick", x=percent(axis.place(tick)), y=16, text_anchor="middle")
        for tick in axis.ticks
    ]
    return element("svg", *labels, class_="scale", width="100%", height=22)


def _tick(value: float, digits: int) -> str:
    return "0" if value == 0 else f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")
