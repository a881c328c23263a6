"""Scatter: predicted against true numbers, both on the same scale; on the diagonal a prediction is right."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from markupsafe import Markup

from transferkit.artifact import wording
from transferkit.artifact.report.axis import Axis, axis_over, element
from transferkit.evaluate.summary import StudySummary

SIDE = 380
_LEFT, _BOTTOM, _EDGE = 58, 44, 12


@dataclass(frozen=True)
class Figure:
    """One metric of the returned model."""

    name: str
    value: str


@dataclass(frozen=True)
class Scatter:
    """The picture, and how good the returned model is in figures."""

    picture: Markup
    figures: tuple[Figure, ...]
    n_shown: int
    seeds: str
    """"mean of 5 seeds": the figures are, the points are of the first seed."""


def scatter(summary: StudySummary) -> Scatter | None:
    """None where no numbers were predicted."""
    points = [pair for pair in summary.numbers if all(map(isfinite, pair))]
    if not points:
        return None
    best = next((arm for arm in summary.arms if arm.name == summary.best), None)
    figures = tuple(
        Figure(wording.metric_name(info), wording.value(best.metrics.get(info.name), info))
        for info in summary.metrics
        if best is not None and info.name in best.metrics
    )
    axis = axis_over([value for pair in points for value in pair], wanted_ticks=5)
    seeds = f"mean of {wording.counted(len(summary.seeds), 'seed')}"
    return Scatter(_picture(points, axis), figures, len(points), seeds)


def _picture(points: list[tuple[float, float]], axis: Axis) -> Markup:
    right, bottom = SIDE - _EDGE, SIDE - _BOTTOM
    parts: list[Markup] = []
    for tick in axis.ticks:
        x, y, said = _across(tick, axis), _down(tick, axis), f"{tick:g}".replace("-", "\N{MINUS SIGN}")
        parts.append(element("line", class_="grid", x1=_LEFT, x2=right, y1=y, y2=y))
        parts.append(element("line", class_="grid", x1=x, x2=x, y1=_EDGE, y2=bottom))
        parts.append(element("text", said, class_="tick", x=_LEFT - 7, y=y + 4, text_anchor="end"))
        parts.append(element("text", said, class_="tick", x=x, y=bottom + 17, text_anchor="middle"))
    parts.append(element("line", class_="right", x1=_LEFT, y1=bottom, x2=right, y2=_EDGE))
    size = 3.6 if len(points) <= 150 else 2.8
    parts += [element("circle", cx=_across(truth, axis), cy=_down(guess, axis), r=size) for truth, guess in points]
    middle = (_LEFT + right) / 2
    parts.append(element("text", "truth", class_="axis-title", x=middle, y=SIDE - 7, text_anchor="middle"))
    turned = f"rotate(-90 13 {(_EDGE + bottom) / 2})"
    parts.append(
        element(
            "text",
            "predicted",
            class_="axis-title",
            x=13,
            y=(_EDGE + bottom) / 2,
            text_anchor="middle",
            transform=turned,
        )
    )
    label = f"Predicted against true values of {len(points)} test items"
    return element("svg", *parts, class_="scatter", viewBox=f"0 0 {SIDE} {SIDE}", role="img", aria_label=label)


def _across(value: float, axis: Axis) -> float:
    return round(_LEFT + (SIDE - _EDGE - _LEFT) * axis.place(value) / 100, 1)


def _down(value: float, axis: Axis) -> float:
    return round(_EDGE + (SIDE - _BOTTOM - _EDGE) * (1 - axis.place(value) / 100), 1)
